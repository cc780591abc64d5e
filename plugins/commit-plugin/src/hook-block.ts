export interface HookFile {
  /** `file`: it is there and git does not run it. */
  readonly kind: 'none' | 'link' | 'program' | 'file';
  readonly text: string;
}

const BEGIN = '# >>> kb git:hooks-install >>>';
const END = '# <<< kb git:hooks-install <<<';
const BLOCK = new RegExp(`${BEGIN}\n[^]*?${END}\n`);

/** Runs what stood there before, if git would have. */
const REST = '[ -x "$0.before-kb" ] && exec "$0.before-kb" "$@"\nexit 0\n';

export interface Added {
  readonly text: string;
  /** What is there is kept beside it, and run by it. */
  readonly setAside: boolean;
}

/** In the folder of git, which no branch can change: what is checked out must not decide what runs. */
export const RUNNERS = 'kb-push-hooks';

/**
 * A hook that also tells the projects of the repository, first and whatever it does; `undefined` when it does already. A script
 * of a shell gets a block at its beginning, since it can end anywhere; anything else is set aside and called. The block is the
 * same everywhere: what is not there on a machine is passed over.
 */
export function withBlock({ kind, text }: HookFile, { hook, alwaysShell }: { hook: string; alwaysShell: boolean }): Added | undefined {
  const call = `for kb_hook in "$(git rev-parse --git-common-dir 2>/dev/null)"/${RUNNERS}/*; do [ -x "$kb_hook" ] && "$kb_hook" ${hook} "$@" || :; done`;
  const block = `${BEGIN}\n${call}\n${END}\n`;
  if (kind === 'none') return { text: `#!/bin/sh\n${block}`, setAside: false };
  const isShell = kind !== 'link' && (alwaysShell || (kind === 'program' && /^#! *\S*[/ ](?:sh|bash|dash|zsh|ksh)\b/.test(text)));
  if (!isShell) return { text: `#!/bin/sh\n${block}${REST}`, setAside: true };
  if (text.includes(block)) return undefined;
  const others = text.replace(BLOCK, '');
  const afterFirst = others.startsWith('#!') ? others.indexOf('\n') + 1 || others.length : 0;
  const head = others.slice(0, afterFirst);
  return { text: `${head}${head === '' || head.endsWith('\n') ? '' : '\n'}${block}${others.slice(afterFirst)}`, setAside: false };
}

/** The hook without the command; no text when there was nothing else in it. `undefined` when it does not run the command. */
export function withoutBlock({ kind, text }: HookFile): { readonly text: string | undefined } | undefined {
  if (kind === 'none' || kind === 'link' || !BLOCK.test(text)) return undefined;
  const rest = text.replace(BLOCK, '');
  return { text: rest === '#!/bin/sh\n' || rest === `#!/bin/sh\n${REST}` || rest === '' ? undefined : rest };
}
