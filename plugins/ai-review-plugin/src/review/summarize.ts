import { SEVERITIES, type Severity } from '../rules/catalog.js';
import type { Finding } from './finding.js';
import { showInvisible } from './quote-line.js';

export type SeverityCounts = Record<Severity | 'total', number>;

export interface Reviewed {
  /** All of them, worst first. */
  readonly findings: readonly Finding[];
  readonly counts: SeverityCounts;
  readonly filesReviewed: number;
  readonly linesAdded: number;
  /** Whether the diff did not read to its end. */
  readonly incomplete: boolean;
  readonly made: Made;
}

/** Who made the review. */
interface Made {
  readonly by: 'rules' | 'llm' | 'rules+llm';
  readonly model: string | undefined;
  /** Changed files that the model was not shown, or not to their end. */
  readonly unseen: number;
  /** Why the model took no part, or not to the end. */
  readonly fallback: string | undefined;
}

/** A comment on GitHub takes 65,536 characters: the summary leaves room for words around it. */
const SUMMARY_LENGTH = 60_000;

export function countSeverities(findings: readonly Finding[]): SeverityCounts {
  const counts: SeverityCounts = { critical: 0, high: 0, medium: 0, low: 0, total: findings.length };
  for (const { severity } of findings) counts[severity] += 1;
  return counts;
}

/** The review as markdown. Whatever a diff holds stands in code spans: none of it becomes markup. */
export function summarize({ findings, counts, filesReviewed, linesAdded, incomplete, made }: Reviewed): string {
  const looked = `${plural(linesAdded, 'added line')} in ${plural(filesReviewed, 'file')}`;
  const parts = [
    '# Review',
    counts.total === 0 ? `Nothing found in ${looked}.` : `**${plural(counts.total, 'finding')}** in ${looked}: ${countsInWords(counts)}.`,
    ...howMade(made),
    ...(incomplete ? ['**The diff could not be read to its end: part of the change was not reviewed.**'] : []),
  ];
  let length = parts.join('\n\n').length;
  let listed = 0;
  let severity: Severity | undefined;
  const lines: string[] = [];
  for (const finding of findings) {
    const heading = finding.severity === severity ? [] : ['', `## ${capital(finding.severity)}`, ''];
    const item = [...heading, ...itemOf(finding)];
    length += item.join('\n').length + 1;
    if (length > SUMMARY_LENGTH) break;
    lines.push(...item);
    severity = finding.severity;
    listed += 1;
  }
  if (listed < findings.length) lines.push('', `… and ${String(findings.length - listed)} more: the artifact findings.json has them all.`);
  return `${[...parts, ...(lines.length === 0 ? [] : [lines.slice(1).join('\n')])].join('\n\n')}\n`;
}

function howMade({ by, model = '', unseen, fallback }: Made): string[] {
  const named = `the language model ${codeSpan(model)}`;
  const sentence = {
    rules: 'Made by fixed rules, without a language model: they find known patterns in added lines, not mistakes of thought.',
    llm: `Made by ${named}, without fixed rules: it can be wrong, and overlook things.`,
    'rules+llm': `Made by fixed rules and by ${named}. What the model says (\`llm\`) can be wrong, and it overlooks things.`,
  }[by];
  return [
    sentence,
    ...(fallback === undefined ? [] : [`The language model ${by === 'rules' ? 'took no part' : 'did not see everything'}: ${codeSpan(fallback)}`]),
    ...(unseen === 0 ? [] : [`${plural(unseen, 'changed file')} ${unseen === 1 ? 'was' : 'were'} not shown to the language model, or not to the end.`]),
  ];
}

/** A model can be talked into anything by what it reads: its words are shown as they are, so no link and no mention comes of them. */
function itemOf({ file, line, rule, message, excerpt }: Finding): string[] {
  const place = line === 0 ? file : `${file}:${String(line)}`;
  const item = `- ${codeSpan(place)} ${rule === 'llm' ? codeSpan(message) : escapeMarkdown(message)} (\`${rule}\`)`;
  return excerpt === undefined || excerpt === '' ? [item] : [item, `  ${codeSpan(excerpt)}`];
}

/** A code span whose fence is longer than any row of backticks inside. */
function codeSpan(text: string): string {
  const shown = showInvisible(text);
  const longest = Math.max(0, ...[...shown.matchAll(/`+/g)].map(([row]) => row.length));
  const fence = '`'.repeat(longest + 1);
  const pad = longest > 0 ? ' ' : '';
  return `${fence}${pad}${shown}${pad}${fence}`;
}

/** Messages quote names from the diff. */
function escapeMarkdown(text: string): string {
  return showInvisible(text).replace(/[\\`*_{}[\]<>#|~]/g, '\\$&');
}

function countsInWords(counts: SeverityCounts): string {
  return [...SEVERITIES]
    .reverse()
    .filter((severity) => counts[severity] > 0)
    .map((severity) => `${String(counts[severity])} ${severity}`)
    .join(', ');
}

function plural(count: number, noun: string): string {
  return `${String(count)} ${noun}${count === 1 ? '' : 's'}`;
}

function capital(text: string): string {
  return text.slice(0, 1).toUpperCase() + text.slice(1);
}
