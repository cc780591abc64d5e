import { readPattern, type TextProblem } from './push-pattern.js';

/** What a pattern is compared with: the name of a branch or tag, or a path. */
export type PatternKind = 'ref' | 'path';

/** Why a pattern of `on.push` is refused; `undefined` when it is fine. What could never fit a name is refused, too. */
export function patternProblem(text: string, kind: PatternKind): TextProblem | undefined {
  const read = readPattern(text);
  if (!read.ok) return read.problem;
  const offset = text.startsWith('!') ? 1 : 0;
  const name = text.slice(offset);
  return kind === 'ref' ? refProblem(name, offset) : pathProblem(name, offset);
}

function refProblem(name: string, offset: number): TextProblem | undefined {
  const full = /^refs\/(?:heads|tags)\/(.*)$/s.exec(name);
  if (full !== null) return { problem: 'patterns are compared with the name alone, without "refs/heads/" or "refs/tags/"', hint: `write "${full[1] ?? ''}"`, offset };
  // What git refuses in a name: git-check-ref-format(1).
  const bad = /[\s~^:\u007f]|\.\.|\/\/|^\/|\/$/u.exec(name);
  return bad === null ? undefined : { problem: `no branch or tag has ${JSON.stringify(bad[0])} there in its name`, offset: offset + bad.index };
}

function pathProblem(name: string, offset: number): TextProblem | undefined {
  const hint = 'paths are relative to the root of the repository: "src/**"';
  if (/^\.{0,2}\//.test(name)) return { problem: 'no path starts like that', hint, offset };
  const bad = /(?<=^|\/)\.{0,2}\//.exec(name);
  return bad === null ? undefined : { problem: `no path has ${JSON.stringify(bad[0])} there`, hint, offset: offset + bad.index };
}
