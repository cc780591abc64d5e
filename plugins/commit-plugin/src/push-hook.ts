export interface PushHook {
  /** Where notes are written, relative to the root of the work tree. A work tree without it is none of the project. */
  readonly spool: string;
  /** Whether what merges bring counts. */
  readonly merges: boolean;
  /** What starts `kb` on this machine. */
  readonly node: string;
  readonly program: string;
}

/**
 * The script that the hooks of git run. Whoever commits waits for one look at HEAD and one small file; everything else is
 * done behind their back.
 */
export function pushHook({ spool, merges, node, program }: PushHook): string {
  return `#!/bin/sh
# Notes what a commit or a merge has brought to a branch. Written by "kb git:hooks-install".

# What a step of a workflow commits starts nothing: it could start itself.
[ -z "\${KB_STEP_TOKEN:-}" ] || exit 0
hook=$1
spool=${quoted(spool)}
[ -d "$spool" ] || exit 0
${merges ? '' : '[ "$hook" = post-merge ] && exit 0\n'}# A merge that was not committed has brought nothing.
[ "$hook" = post-merge ] && [ "\${2:-0}" = 1 ] && exit 0
set -- $(git rev-parse HEAD --symbolic-full-name HEAD 2>/dev/null)
sha=\${1:-}
ref=\${2:-}
case $ref in refs/heads/*) ;; *) exit 0 ;; esac
before=
[ "$hook" = post-merge ] && before=$(git rev-parse --quiet --verify ORIG_HEAD 2>/dev/null)
umask 077
printf '%s\\n%s\\n%s\\n' "$ref" "$sha" "$before" > "$spool/.$sha.$$" && mv "$spool/.$sha.$$" "$spool/$sha.$$.push" || exit 0

(
  # A daemon looks after it.
  if [ -n "$(find "$spool/.watched" -mmin -3 2>/dev/null)" ]; then
    read -r pid < "$spool/.watched" && kill -0 "$pid" 2>/dev/null && exit 0
  fi
  unset $(git rev-parse --local-env-vars)
  project=$spool/../../..
  if ! grep -rqs -e push -e '\\\\' "$project/.kb/workflows" && ! grep -qs workflows "$project"/.kb/kb.config.*; then
    rm -f "$spool"/*.push
    exit 0
  fi
  node=${quoted(node)}
  program=${quoted(program)}
  log=$spool/../worker.log
  if [ -x "$node" ] && [ -f "$program" ]; then
    exec "$node" "$program" __pushes --project="$project" >> "$log" 2>&1
  elif [ -x "$project/node_modules/.bin/kb" ]; then
    exec "$project/node_modules/.bin/kb" __pushes --project="$project" >> "$log" 2>&1
  else
    exec kb __pushes --project="$project" >> "$log" 2>&1
  fi
) < /dev/null > /dev/null 2>&1 &
exit 0
`;
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
