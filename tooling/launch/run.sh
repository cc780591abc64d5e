#!/bin/sh
# `npm test`, `npm run test:faults`, `npm run test:publish`, `npm run test:studio`, `npm run screenshots` and `npm run check`: installs
# and builds what is missing, then runs the task in the pinned Node.
#
#   run.sh test [vitest arguments]
#   run.sh faults [vitest arguments]
#   run.sh publish
#   run.sh studio [vitest arguments]
#   run.sh screenshots
#   run.sh check [--without STEP]...
root=$(cd "$(dirname "$0")/../.." && pwd)
. "$root/tooling/launch/fresh.sh"
task=${1-}
[ $# -eq 0 ] || shift
case $task in
  test) entry=node_modules/vitest/vitest.mjs; set -- run "$@"; . "$root/tooling/launch/programs.sh" ;;
  faults) entry=tooling/launch/test-faults.mjs; . "$root/tooling/launch/programs.sh" ;;
  publish) entry=tooling/release/test-publish.mjs ;;
  studio) entry=node_modules/vitest/vitest.mjs; export KB_STUDIO=1; set -- run tooling/scenarios/studio "$@"; . "$root/tooling/launch/programs.sh" ;;
  screenshots) entry=node_modules/vitest/vitest.mjs; export KB_SCREENSHOTS=1; set -- run tooling/scenarios/studio/screenshots.test.ts; . "$root/tooling/launch/programs.sh" ;;
  check) entry=tooling/launch/check.mjs ;;
  *) echo 'usage: run.sh test|faults|publish|studio|screenshots|check [arguments]' >&2; exit 2 ;;
esac
is_fresh || . "$root/tooling/launch/prepare.sh" || exit

export PATH="$root/node_modules/node/bin:$root/node_modules/.bin:$root/.bootstrap/node_modules/.bin:$PATH"
export TURBO_TELEMETRY_DISABLED=1 DO_NOT_TRACK=1
cd "$root" && exec "$pinned_node" "$entry" "$@"
