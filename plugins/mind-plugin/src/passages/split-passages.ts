import type { Passage } from './passage.js';
import { splitCode } from './split-code.js';
import { splitMarkdown } from './split-markdown.js';

const WITH_HEADINGS = /\.(?:md|mdx|markdown|mdown)$/i;

/** The passages of a file, in order and apart from each other; empty lines between them are left out. */
export function splitPassages(path: string, text: string): Passage[] {
  const lines = linesOf(text);
  return WITH_HEADINGS.test(path) ? splitMarkdown(lines) : splitCode(lines);
}

export function linesOf(text: string): string[] {
  return text.split('\n').map((line) => (line.endsWith('\r') ? line.slice(0, -1) : line));
}
