#!/bin/sh
# `npm run kb -- …` and `pnpm kb …`: execs the CLI in the pinned Node. When the
# stamp says that nothing changed since the last build, no other Node starts.
case $0 in
  /*/tooling/launch/kb.sh) root=${0%/tooling/launch/kb.sh} ;;
  tooling/launch/kb.sh) root=$PWD ;;
  *) root=$(cd "$(dirname "$0")/../.." && pwd) ;;
esac
. "$root/tooling/launch/fresh.sh"
is_fresh || . "$root/tooling/launch/prepare.sh" || exit

# A package manager runs scripts in the folder of package.json; the user means
# the folder they are in.
if [ "$PWD" = "$root" ] && [ "${npm_lifecycle_event-}" = kb ] && [ -n "${INIT_CWD-}" ]; then
  cd "$INIT_CWD" || exit
fi
exec "$pinned_node" "$root/apps/cli/bin/kb.js" "$@"
