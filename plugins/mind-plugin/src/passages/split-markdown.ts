import { type LineRange, packLines } from './pack-lines.js';
import type { Passage } from './passage.js';

const HEADING = /^ {0,3}(#{1,6})\s+(.*?)\s*#*$/;
const FENCE = /^ {0,3}(`{3,}|~{3,})/;

interface Section extends LineRange {
  readonly title: string;
}

/** One passage for each section, or several of a long one. A heading with nothing below it goes with the next section. */
export function splitMarkdown(lines: readonly string[]): Passage[] {
  return sectionsOf(lines).flatMap((section) =>
    packLines(lines, section, { opens: () => false, leastLines: 4 }).map(({ from, to }) => ({
      startLine: from + 1,
      endLine: to,
      title: section.title,
      text: lines.slice(from, to).join('\n'),
    })),
  );
}

function sectionsOf(lines: readonly string[]): Section[] {
  const sections: Section[] = [];
  let trail: string[] = [];
  let from = 0;
  let hasText = false;
  let fence: string | undefined;
  const close = (to: number): void => {
    if (to > from) sections.push({ from, to, title: trail.filter((heading) => heading !== '').join(' > ') });
    from = to;
    hasText = false;
  };
  for (const [at, line] of lines.entries()) {
    const mark = FENCE.exec(line)?.[1];
    if (mark !== undefined && fence === undefined) fence = mark;
    else if (mark !== undefined && fence !== undefined && mark.startsWith(fence)) fence = undefined;
    const heading = fence === undefined ? HEADING.exec(line) : null;
    if (heading === null) {
      if (line.trim() !== '') hasText = true;
      continue;
    }
    if (hasText) close(at);
    const depth = (heading[1] ?? '').length;
    trail = [...Array.from({ length: depth - 1 }, (_, above) => trail[above] ?? ''), heading[2] ?? ''];
  }
  close(lines.length);
  return sections;
}
