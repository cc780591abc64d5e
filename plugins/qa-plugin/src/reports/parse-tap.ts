import { findPlace } from './find-place.js';
import { addIssue, emptyReport, type Relative, type Report } from './report.js';

const RESULT = /^( *)(not )?ok\b(?: +\d+)?(?: +-)? ?(.*)$/;
const PLAN = /^1\.\.(\d{1,9})\b/;
const MAX_BLOCK = 200;

interface Open {
  readonly indent: number;
  readonly ok: boolean;
  readonly name: string;
  readonly directive: 'skip' | 'todo' | undefined;
  readonly block: string[];
}

/**
 * The Test Anything Protocol, versions 12 to 14. A test with subtests, whose results stand indented before its own, counts only
 * when it fails and none of them does. Failures that are marked `TODO` are expected.
 */
export function parseTap(text: string, toRelative: Relative): Report {
  const report = emptyReport();
  const tap = new TapReader(report, toRelative);
  for (const row of text.split('\n')) tap.line(row.replace(/\r$/, '').slice(0, 20_000));
  tap.end();
  return report;
}

class TapReader {
  readonly #report: Report;
  readonly #toRelative: Relative;
  /** By indent: whether there are results deeper than it since its last one, and whether one failed. */
  readonly #below = new Map<number, { failed: boolean }>();
  #open: Open | undefined;
  #inBlock = false;
  #planned: number | undefined;
  #topLevel = 0;
  #bailed = false;

  constructor(report: Report, toRelative: Relative) {
    this.#report = report;
    this.#toRelative = toRelative;
  }

  line(line: string): void {
    if (this.#open !== undefined && (this.#inBlock || line.trim() === '---')) {
      this.#block(line);
      return;
    }
    const [, spaces, not, rest] = RESULT.exec(line) ?? [];
    if (spaces !== undefined && rest !== undefined) {
      this.#finish();
      const indent = spaces.length;
      if (indent === 0) this.#topLevel += 1;
      this.#open = { indent, ok: not === undefined, ...described(rest), block: [] };
      return;
    }
    const planned = PLAN.exec(line)?.[1];
    if (planned !== undefined) this.#planned = Number(planned);
    if (line.startsWith('Bail out!')) {
      this.#finish();
      this.#bailed = true;
      this.#fail(line, 'bail-out', '');
    }
  }

  end(): void {
    this.#finish();
    if (this.#planned === undefined && this.#topLevel === 0 && !this.#bailed) this.#report.problem = 'it holds no results of TAP';
    else if (this.#planned !== undefined && this.#planned !== this.#topLevel && !this.#bailed) {
      this.#report.failed += 1;
      this.#fail(`${String(this.#planned)} tests were planned, and ${String(this.#topLevel)} ran`, 'plan', '');
    }
  }

  #block(line: string): void {
    this.#inBlock = line.trim() !== '...';
    const block = this.#open?.block;
    if (block !== undefined && block.length < MAX_BLOCK) block.push(line.trim());
  }

  #finish(): void {
    const open = this.#open;
    this.#open = undefined;
    this.#inBlock = false;
    if (open === undefined) return;
    const { indent, ok, name, directive, block } = open;
    let parent = false;
    let failedBelow = false;
    for (const [depth, { failed }] of [...this.#below]) {
      if (depth <= indent) continue;
      parent = true;
      failedBelow ||= failed;
      this.#below.delete(depth);
    }
    const fails = !ok && directive !== 'todo' && directive !== 'skip';
    const here = this.#below.get(indent);
    this.#below.set(indent, { failed: (here?.failed ?? false) || fails || failedBelow });
    if (parent && (!fails || failedBelow)) return;
    if (directive !== undefined) this.#report.skipped += 1;
    else if (ok) this.#report.passed += 1;
    else this.#report.failed += 1;
    if (fails) this.#fail(name, 'test-failed', block.join('\n'));
  }

  #fail(name: string, rule: string, block: string): void {
    const error = /^(?:error|message): *(?:\|-?|>-?)? *\n?(.*)$/m.exec(block)?.[1];
    const location = /^location: *['"]?(.+?):(\d{1,7}):(\d{1,7})['"]?$/m.exec(block);
    const place = findPlace(block, this.#toRelative) ?? (location === null ? undefined : { file: this.#toRelative(location[1] ?? ''), line: Number(location[2]), column: Number(location[3]) });
    const reason = error === undefined ? '' : `: ${error.replace(/^(['"])(.*)\1$/, '$2')}`;
    addIssue(this.#report, { ...(place ?? { file: '.', line: 0, column: 0 }), severity: 'error', rule, message: `${name || 'a test without a name'}${reason}` });
  }
}

function described(rest: string): { name: string; directive: 'skip' | 'todo' | undefined } {
  const directive = /(?:^|\s)# *(skip|todo)\b/i.exec(rest);
  const name = directive === null ? rest : rest.slice(0, directive.index);
  return { name: name.trim().replaceAll(String.raw`\#`, '#'), directive: directive === null ? undefined : directive[1]?.toLowerCase() === 'todo' ? 'todo' : 'skip' };
}
