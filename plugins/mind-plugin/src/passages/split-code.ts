import { packLines } from './pack-lines.js';
import type { Passage } from './passage.js';

/** What opens a declaration in the languages people keep in repositories, and its name. */
const DECLARATION =
  /^(?:(?:export|default|declare|abstract|async|public|private|protected|static|final|pub|unsafe|extern|inline)\s+)*(?:function\*?|class|interface|type|enum|const|let|var|def|func|fn|struct|trait|impl|module|namespace|package|macro_rules!)\s+(?:\([^)]*\)\s*)?([\p{L}_$][\p{L}\p{N}_$]*)/u;

/** Short declarations share a passage, until it has so many lines. */
const LEAST_LINES = 8;

/** Passages that begin where something begins at the left margin after an empty line. Without such lines: by empty lines and length. */
export function splitCode(lines: readonly string[]): Passage[] {
  const opens = (at: number): boolean => /^[^\s})\]]/.test(lines[at] ?? '') && (lines[at - 1] ?? '').trim() === '';
  return packLines(lines, { from: 0, to: lines.length }, { opens, leastLines: LEAST_LINES }).map(({ from, to }) => {
    const inside = lines.slice(from, to);
    return { startLine: from + 1, endLine: to, title: namesIn(inside), text: inside.join('\n') };
  });
}

function namesIn(lines: readonly string[]): string {
  return lines.flatMap((line) => DECLARATION.exec(line.slice(0, 400))?.[1] ?? []).join(' ');
}
