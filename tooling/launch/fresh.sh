# Is the built workspace as new as its sources? Sourced by kb.sh and run.sh with
# $root set; run as a program (`sh fresh.sh ROOT`) it answers by its exit code.
#
# The stamp is created before a build reads anything and put in place after it,
# so whatever is edited meanwhile counts as newer. A changed file has a later
# ctime than the stamp's mtime (a file moved in with an old mtime included); an
# added or removed one changes its directory. (Not so in tooling/tsup: tsup puts
# its compiled configuration there for a moment.) One process: `find`.
[ -n "${root-}" ] || root=$1
stamp=$root/.bootstrap/stamp
pinned_node=$root/node_modules/node/bin/node

is_fresh() {
  [ -e "$stamp" ] && [ -x "$pinned_node" ] || return 1
  for manifest in "$root"/plugins/*/package.json "$root"/apps/cli/package.json; do
    [ ! -e "$manifest" ] || [ -d "${manifest%package.json}dist" ] || return 1
  done
  changed=$(
    cd "$root" && find packages plugins apps \
      package.json pnpm-lock.yaml pnpm-workspace.yaml turbo.json tooling/tsup/* tooling/launch/*.mjs tooling/launch/*.sh \
      packages/*/package.json plugins/*/package.json apps/*/package.json \
      packages/*/tsup.config.* plugins/*/tsup.config.* apps/*/tsup.config.* \
      packages/*/src plugins/*/src apps/*/src \
      \( -path packages -o -path plugins -o -path apps \) -prune -cnewer "$stamp" -print \
      -o -cnewer "$stamp" ! -name '*.test.ts' -print 2>/dev/null
  )
  [ -z "$changed" ]
}

case $0 in */fresh.sh) is_fresh ;; esac
