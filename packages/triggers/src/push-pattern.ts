/** One step through a name. `characters`: one of these; `folders`: `**` before a slash, also none at all. */
export type PatternToken =
  | { readonly kind: 'characters'; readonly characters: ReadonlySet<string>; readonly repeat: 'once' | 'optional' | 'more' }
  | { readonly kind: 'within-segment' }
  | { readonly kind: 'anything' }
  | { readonly kind: 'folders' };

interface PushPattern {
  /** Written with `!`: takes out what patterns before it let in. */
  readonly excludes: boolean;
  readonly tokens: readonly PatternToken[];
}

/** What is wrong with a text, for a message; `offset` in UTF-16 units. */
export interface TextProblem {
  readonly problem: string;
  readonly hint?: string;
  readonly offset: number;
}

export type ReadPattern = { readonly ok: true; readonly pattern: PushPattern } | { readonly ok: false; readonly problem: TextProblem };

/**
 * Reads a pattern of `on.push` in GitHub's language: `*` is anything but a slash, `**` anything; `?` makes the character
 * or set before it optional, `+` lets it repeat; `[a-z]` is one of a set; `\` takes the meaning from the character after
 * it; `!` at the start excludes. `**` with a slash on both sides also stands for no folder: `docs/**` + `/*.md` has
 * `docs/a.md`. See "Filter pattern cheat sheet" in GitHub's workflow syntax.
 */
export function readPattern(text: string): ReadPattern {
  const excludes = text.startsWith('!');
  const reader: Reader = { text, at: excludes ? 1 : 0, tokens: [] };
  if (reader.at === text.length) return wrong(0, 'the pattern is empty');
  while (reader.at < text.length) {
    const problem = readToken(reader);
    if (problem !== undefined) return { ok: false, problem };
  }
  return { ok: true, pattern: { excludes, tokens: reader.tokens } };
}

interface Reader {
  readonly text: string;
  at: number;
  readonly tokens: PatternToken[];
}

function readToken(reader: Reader): TextProblem | undefined {
  switch (reader.text[reader.at]) {
    case '*':
      readStars(reader);
      return undefined;
    case '?':
    case '+':
      return readRepeat(reader);
    case '[':
      return readSet(reader);
    case '\\':
      return readEscape(reader);
    default:
      readCharacter(reader);
      return undefined;
  }
}

function readStars(reader: Reader): void {
  const { text, tokens } = reader;
  const start = reader.at;
  while (text[reader.at] === '*') reader.at += 1;
  const startsSegment = tokens.length === 0 || text[start - 1] === '/';
  if (reader.at - start === 1) tokens.push({ kind: 'within-segment' });
  else if (startsSegment && text[reader.at] === '/') {
    reader.at += 1;
    if (tokens.at(-1)?.kind !== 'folders') tokens.push({ kind: 'folders' });
  } else {
    tokens.push({ kind: 'anything' });
  }
}

function readRepeat(reader: Reader): TextProblem | undefined {
  const sign = reader.text[reader.at];
  const before = reader.tokens.at(-1);
  if (before?.kind !== 'characters' || before.repeat !== 'once') {
    const meaning = sign === '?' ? 'makes the character before it optional' : 'repeats the character before it';
    const hint = sign === '?' ? 'write "*" for any text, "\\\\?" for a question mark' : 'write "*" for any text, "\\\\+" for a plus sign';
    return { problem: `"${sign ?? ''}" ${meaning}, and there is none`, hint, offset: reader.at };
  }
  reader.tokens[reader.tokens.length - 1] = { ...before, repeat: sign === '?' ? 'optional' : 'more' };
  reader.at += 1;
  return undefined;
}

function readSet(reader: Reader): TextProblem | undefined {
  const { text, at: start } = reader;
  const end = text.indexOf(']', start + 1);
  if (end < 0) return { problem: '"[" is never closed', hint: 'write "\\\\[" for a bracket', offset: start };
  if (end === start + 1) return { problem: 'the set "[]" is empty', offset: start };
  const members = [...text.slice(start + 1, end)];
  if (members[0] === '!' || members[0] === '^') return { problem: 'a set says what fits, not what does not', hint: 'exclude with a pattern of its own that starts with "!"', offset: start };
  if (members.includes('/')) return { problem: 'a set cannot have a slash', offset: start };
  const characters = new Set<string>();
  for (let index = 0; index < members.length; index += 1) {
    const from = members[index] ?? '';
    const to = members[index + 2];
    if (members[index + 1] !== '-' || to === undefined) {
      characters.add(from);
      continue;
    }
    if (!isRange(from, to)) return { problem: `"${from}-${to}" is no range`, hint: 'ranges are of a-z, A-Z and 0-9, in this order', offset: start };
    for (let code = from.charCodeAt(0); code <= to.charCodeAt(0); code += 1) characters.add(String.fromCharCode(code));
    index += 2;
  }
  reader.tokens.push({ kind: 'characters', characters, repeat: 'once' });
  reader.at = end + 1;
  return undefined;
}

function isRange(from: string, to: string): boolean {
  return from <= to && [/^[a-z]$/, /^[A-Z]$/, /^[0-9]$/].some((kind) => kind.test(from) && kind.test(to));
}

function readEscape(reader: Reader): TextProblem | undefined {
  const next = reader.text[reader.at + 1];
  if (next === undefined || !'*?+[]!\\'.includes(next)) return { problem: '"\\" stands before one of * ? + [ ] ! \\', offset: reader.at };
  reader.tokens.push({ kind: 'characters', characters: new Set([next]), repeat: 'once' });
  reader.at += 2;
  return undefined;
}

function readCharacter(reader: Reader): void {
  const character = String.fromCodePoint(reader.text.codePointAt(reader.at) ?? 0);
  reader.tokens.push({ kind: 'characters', characters: new Set([character]), repeat: 'once' });
  reader.at += character.length;
}

function wrong(offset: number, problem: string): ReadPattern {
  return { ok: false, problem: { problem, offset } };
}
