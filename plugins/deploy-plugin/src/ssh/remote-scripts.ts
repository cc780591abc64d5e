/**
 * What is run on a server, in the language of any POSIX shell; the layout is that of `ReleaseFolder`. Each script is one
 * function and the call of it, so that a connection that breaks while it is sent runs nothing. Answers are lines that
 * begin with `kb-deploy`: what else a server prints at a login is passed over. Without the last one nothing counts: what ran was something else.
 */
const COMMON = String.raw`
say() { printf 'kb-deploy %s=%s\n' "$1" "$2"; }
refuse() { printf 'kb-deploy refused=%s %s\n' "$1" "$2"; exit 3; }
is_release() { case $1 in '' | *[!0-9a-f-]*) return 1 ;; ????????-?????????-????????????) return 0 ;; esac; return 1; }
note() { cat ".kb-deploy/$1" 2>/dev/null || true; }
write() { printf '%s\n' "$2" > ".kb-deploy/.$1.part" && mv -f ".kb-deploy/.$1.part" ".kb-deploy/$1"; }
# Of these files and folders only, where sync can do that; else of everything.
sync_disk() { sync "$@" 2>/dev/null || sync; }
is_ready() { [ -d "releases/$1" ] && [ -e ".kb-deploy/$1.ready" ]; }

find_current() {
  current=
  if [ -L current ]; then
    current=$(readlink current)
    current=@{current#releases/}
    is_release "$current" || refuse CURRENT_NOT_A_RELEASE '"current" leads to something that is no release'
  elif [ -e current ]; then
    refuse CURRENT_NOT_A_LINK '"current" is no link: move it away first'
  fi
}

find_before() {
  at=$1 before= seen=0
  while [ "$seen" -lt 10000 ]; do
    at=$(note "$at.replaced")
    [ -n "$at" ] || return 0
    if is_ready "$at"; then before=$at; return 0; fi
    seen=$((seen + 1))
  done
}

switch_to() {
  rm -f .kb-deploy/.current.part
  ln -s "releases/$1" .kb-deploy/.current.part
  sync_disk releases .kb-deploy
  # The link itself is to be replaced, not something put into the folder it leads to. GNU and BusyBox say -T, BSD says -h.
  mv -fT .kb-deploy/.current.part current 2>/dev/null || mv -fh .kb-deploy/.current.part current
  sync_disk .
}

start_of() {
  start=
  [ -r "/proc/$1/stat" ] && start=$(sed 's/.*) //' "/proc/$1/stat" 2>/dev/null | cut -d' ' -f20)
  printf '%s' "@{start:--}"
}
highest() {
  high=0
  for file in .kb-deploy/lock.*; do
    number=@{file##*/lock.}
    case $number in '' | *[!0-9]*) continue ;; esac
    if [ "$number" -gt "$high" ]; then high=$number; fi
  done
  printf '%s' "$high"
}
try_lock() {
  last=$(highest)
  if [ "$last" -gt 0 ]; then
    state= pid= begun= host=
    read -r state pid begun host < ".kb-deploy/lock.$last" || state=free
    if [ "$state" = held ]; then
      [ "$host" = "$(uname -n)" ] || return 1
      if kill -0 "$pid" 2>/dev/null || [ -d "/proc/$pid" ]; then [ "$(start_of "$pid")" != "$begun" ] || return 1; fi
    fi
  fi
  mine=$((last + 1))
  part=.kb-deploy/lock.$mine-$$.part
  echo "held $$ $(start_of $$) $(uname -n)" > "$part"
  if ! ln "$part" ".kb-deploy/lock.$mine" 2>/dev/null; then rm -f "$part"; return 1; fi
  rm -f "$part"
  if [ "$(highest)" -gt "$mine" ]; then rm -f ".kb-deploy/lock.$mine"; return 1; fi
}
take_lock() {
  tries=0
  until try_lock; do
    tries=$((tries + 1))
    [ "$tries" -lt 15 ] || refuse DEPLOY_BUSY 'another deployment holds the folder'
    sleep 1
  done
  trap 'echo free > "$part" && mv -f "$part" ".kb-deploy/lock.$mine"' EXIT
  for file in .kb-deploy/lock.*; do
    number=@{file##*/lock.}
    case $number in '' | *[!0-9]*) continue ;; esac
    if [ "$number" -lt "$mine" ]; then rm -f "$file"; fi
  done
}
`;

/** Arguments: folder, key. Makes the folder ready to take a release in. */
export const PREPARE = script(String.raw`
  mkdir -p "$1/releases" "$1/.kb-deploy"
  cd "$1"
  find_current
  name=
  for file in .kb-deploy/*-"$2".json; do
    if [ -e "$file" ]; then name=$(basename "$file" .json); fi
  done
  say current "$current"
  say name "$name"
  if [ -n "$name" ] && [ -d "releases/$name" ]; then say whole yes; else say whole no; fi
`);

/** Arguments: folder, key, release, record, how many to keep. Makes what was sent a release, and current. */
export const FINISH = script(String.raw`
  cd "$1"
  key=$2 release=$3 record=$4 keep=$5
  is_release "$release" || refuse INPUT_INVALID 'no name of a release'
  take_lock
  find_current
  if [ ! -d "releases/$release" ]; then
    [ -d "releases/.new-$key" ] || refuse DEPLOY_FAILED 'what was sent is not there any more'
    write "$release.json" "$record"
    find "releases/.new-$key" '(' -type f -o -type d ')' -exec sync '{}' + 2>/dev/null || sync_disk
    mv "releases/.new-$key" "releases/$release"
  fi
  superseded=no
  if [ "$release" != "$current" ]; then
    for file in .kb-deploy/*.replaced; do
      if [ -e "$file" ] && [ "$file" != ".kb-deploy/$release.replaced" ] && [ "$(cat "$file")" = "$release" ]; then superseded=yes; fi
    done
  fi
  repeated=yes
  if is_ready "$release" || [ "$superseded" = yes ]; then
    find_before "$release"
  else
    if [ -n "$current" ] && [ "$current" != "$release" ] && is_ready "$current"; then
      before=$current
    elif [ -n "$current" ]; then
      find_before "$current"
    else
      before=
    fi
    if [ "$current" != "$release" ]; then
      repeated=no
      write "$release.replaced" "$before"
      switch_to "$release"
    fi
    write "$release.ready" ''
    count=0
    for name in $(ls -1r releases); do
      is_release "$name" || continue
      count=$((count + 1))
      if [ "$count" -le "$keep" ] || [ "$name" = "$release" ] || [ "$name" = "$before" ]; then continue; fi
      mv "releases/$name" "releases/.old-$name"
      rm -f ".kb-deploy/$name.ready" ".kb-deploy/$name.replaced" ".kb-deploy/$name.json"
    done
    for name in releases/.old-*; do
      [ -e "$name" ] || continue
      rm -rf "$name" 2>/dev/null || { chmod -R u+rwX "$name" && rm -rf "$name"; } || echo "could not remove $name" >&2
    done
    # What is sent is made without the lock; nobody sends for so long without a change.
    find releases -maxdepth 1 -name '.new-*' -ctime +1 -exec rm -rf '{}' + || true
    for file in .kb-deploy/*.rollback; do
      if [ -e "$file" ] && [ ! -d "releases/$(cut -d' ' -f2 "$file")" ]; then rm -f "$file"; fi
    done
  fi
  say repeated "$repeated"
  say previous "$before"
  say was "$(if [ -n "$before" ]; then note "$before.json"; fi)"
  say is "$(note "$release.json")"
`);

/** Arguments: folder, key, release or nothing. */
export const ROLL_BACK = script(String.raw`
  [ -d "$1" ] || refuse NOTHING_TO_ROLL_BACK 'nothing is deployed there'
  cd "$1"
  find_current
  [ -n "$current" ] || refuse NOTHING_TO_ROLL_BACK 'nothing is deployed there'
  take_lock
  find_current
  begun=$(note "$2.rollback")
  repeated=no
  if [ -n "$begun" ]; then
    repeated=yes from=@{begun%% *} target=@{begun#* }
    if [ "$current" = "$from" ] && [ "$from" != "$target" ]; then switch_to "$target"; fi
  else
    from=$current target=$3
    if [ -z "$target" ]; then
      find_before "$current"
      target=$before
      [ -n "$target" ] || refuse NOTHING_TO_ROLL_BACK "no release before $current is left"
    fi
    is_release "$target" && [ -d "releases/$target" ] || refuse RELEASE_MISSING "there is no release $target"
    [ "$target" = "$current" ] || is_ready "$target" || refuse RELEASE_NOT_READY "$target was never current"
    write "$2.rollback" "$current $target"
    if [ "$target" != "$current" ]; then switch_to "$target"; fi
  fi
  say repeated "$repeated"
  say release "$target"
  say previous "$from"
  say was "$(note "$from.json")"
  say is "$(note "$target.json")"
`);

/** `@{` stands for what begins a parameter of the shell, which would begin one of this file. */
function script(body: string): string {
  return `main() {\nset -eu\numask 022\n${COMMON.replaceAll('@{', '${')}\n${body.replaceAll('@{', '${')}\n  say end reached\n}\n`;
}
