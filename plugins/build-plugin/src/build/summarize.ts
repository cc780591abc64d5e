import type { BuiltTarget } from './build-targets.js';
import type { SavedOutput } from './save-outputs.js';

export interface Built {
  readonly manager: string;
  readonly targets: readonly (BuiltTarget & { readonly outputs: { readonly files: number; readonly bytes: number } })[];
  readonly outputs: readonly SavedOutput[];
}

const ROWS = 500;

/** The build as markdown: a table of targets, and how many outputs there are. */
export function summarize({ manager, targets, outputs }: Built): string {
  const rows = targets.slice(0, ROWS).map(
    (target) => `| ${cell(target.package)} | ${target.status} | ${seconds(target.durationMs)} | ${String(target.outputs.files)} | ${kibibytes(target.outputs.bytes)} |`,
  );
  const kept = outputs.filter(({ artifact }) => artifact !== undefined).length;
  const left = outputs.length - kept;
  return [
    `# Build with ${manager}`,
    '',
    '| package | status | time | files | size |',
    '|---|---|---|---|---|',
    ...rows,
    ...(targets.length > ROWS ? ['', `… and ${String(targets.length - ROWS)} more.`] : []),
    '',
    `${String(outputs.length)} output files, ${String(kept)} of them kept as artifacts${left === 0 ? '' : `; build.json says why ${String(left)} are not`}.`,
    '',
  ].join('\n');
}

/** Names come from package.json: none of them becomes markup or another column. */
function cell(text: string): string {
  return `\`${text.replace(/[`|\p{Cc}]/gu, '_')}\``;
}

function seconds(ms: number): string {
  return `${(ms / 1_000).toFixed(1)} s`;
}

function kibibytes(bytes: number): string {
  return `${(bytes / 1_024).toFixed(1)} KiB`;
}
