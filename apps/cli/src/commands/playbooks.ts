import { type Diagnostic, evidenceRefSchema, type EvidenceRef, isJsonObject, type JsonValue, type PlaybookView, type ValueChange } from '@kb-labs/contracts';
import { AppError, EXIT_CODES } from '@kb-labs/errors';

import type { CommandContext, CommandHandler } from '../command-context.js';
import { parseJson } from '../input/parse-json.js';
import { readTextFile } from '../input/read-text-file.js';
import { countDiagnostics, renderDiagnostics } from '../render/diagnostics.js';
import { sanitizeText } from '../terminal/sanitize.js';
import { chosen } from './choices.js';
import { given, printFacts, printWirePage } from './print-wire.js';

export const playbooksValidate: CommandHandler<'playbooks:validate'> = async (context, args) => {
  const { terminal } = context;
  const file = args['manifest-file'];
  const text = await readTextFile('--manifest-file', file, terminal.host);
  const routes = await context.routes();
  const checked = await routes.call('validatePlaybook', { body: { text, file } });
  if (context.json) terminal.printJson(checked);
  else {
    const { style } = terminal;
    const diagnostics = checked.diagnostics as readonly Diagnostic[];
    terminal.print(renderDiagnostics([...diagnostics], { style, columns: terminal.columns(), textOf: (named) => (named === file ? text : undefined) }));
    terminal.print(checked.valid ? `${style.green('✓')} ${sanitizeText(`${checked.manifest?.playbook_id ?? file} ${checked.manifest?.version ?? ''}`)}  ${style.dim(checked.digest ?? '')}${diagnostics.length === 0 ? '' : `, ${countDiagnostics([...diagnostics])}`}` : `${style.red('✗')} ${countDiagnostics([...diagnostics])}`);
  }
  return checked.valid ? undefined : EXIT_CODES.badInput;
};

export const playbooksCreate: CommandHandler<'playbooks:create'> = async (context, args) => {
  const file = args['manifest-file'];
  const text = await readTextFile('--manifest-file', file, context.terminal.host);
  const routes = await context.routes();
  const { manifest, diagnostics } = await routes.call('validatePlaybook', { body: { text, file } });
  if (manifest === null) throw new AppError('PLAYBOOK_INVALID', { problem: diagnostics[0]?.message ?? 'it does not fit', diagnostics: diagnostics.map((one) => ({ ...one })) });
  printPlaybook(context, await routes.call('createPlaybook', { body: { manifest } }));
  return undefined;
};

export const playbooksList: CommandHandler<'playbooks:list'> = async (context, args) => {
  const routes = await context.routes();
  const page = await routes.call('listPlaybooks', { query: given({ playbook_id: args['playbook-id'], limit: args.limit, cursor: args.cursor }) });
  printWirePage(context, page, {
    none: 'no playbooks: "kb playbooks create --manifest-file F" keeps one',
    header: ['PLAYBOOK', 'VERSION', 'STATUS', 'DIGEST', 'TITLE'],
    rowOf: (one) => [one.playbook_id, sanitizeText(one.version), one.status, one.digest, sanitizeText(one.title)],
  });
  return undefined;
};

export const playbooksGet: CommandHandler<'playbooks:get'> = async (context, args) => {
  const routes = await context.routes();
  printPlaybook(context, await routes.call('getPlaybook', { params: { id: args.rest[0] }, query: given({ version: args.version }) }));
  return undefined;
};

export const playbooksDiff: CommandHandler<'playbooks:diff'> = async (context, args) => {
  const { terminal } = context;
  const routes = await context.routes();
  const diff = await routes.call('diffPlaybooks', { params: { id: args.rest[0] }, query: { from: args.from, to: args.to } });
  if (context.json) {
    terminal.printJson(diff);
    return undefined;
  }
  const { style } = terminal;
  const lines = [...section('the manifest', diff.manifest), ...section('what it runs here', diff.reach)];
  terminal.print(lines.length === 0 ? 'they say and run the same' : lines.map((line) => (line.startsWith(' ') ? sanitizeText(line) : style.bold(line))));
  terminal.note(diff.problems.map(({ version, message }) => sanitizeText(`what version ${version} runs cannot be told: ${message}`)));
  return undefined;
};

export const playbooksPublish: CommandHandler<'playbooks:publish'> = async (context, args) => {
  const status = chosen(args.status, ['verified', 'canary', 'active'] as const);
  const evidence_refs = parseEvidence(args['evidence-refs-json']);
  const routes = await context.routes();
  printPlaybook(context, await routes.call('publishPlaybook', { params: { id: args.rest[0] }, body: { version: args.version, digest: args.digest, status, evidence_refs } }));
  return undefined;
};

export const playbooksRevoke: CommandHandler<'playbooks:revoke'> = async (context, args) => {
  const { version, digest, reason } = args;
  const routes = await context.routes();
  printPlaybook(context, await routes.call('revokePlaybook', { params: { id: args.rest[0] }, body: { version, digest, reason, ...(args['stop-running'] ? { stop_running: true } : {}) } }));
  return undefined;
};

/** `--evidence-refs-json`: a list of references. Throws `USAGE`. */
export function parseEvidence(written: string): EvidenceRef[] {
  const value = parseJson('--evidence-refs-json', written);
  const hint = 'for example --evidence-refs-json=\'[{"kind":"artifact","id":"bundle.txt"}]\'';
  if (!Array.isArray(value)) throw new AppError('USAGE', { problem: '--evidence-refs-json takes a JSON list' }, { hint });
  return value.map((one, n) => {
    const read = evidenceRefSchema.safeParse(one);
    if (read.success) return read.data;
    throw new AppError('USAGE', { problem: `--evidence-refs-json: number ${String(n + 1)} is no reference: ${problemOf(one)}` }, { hint });
  });
}

function problemOf(written: JsonValue): string {
  if (!isJsonObject(written)) return 'it is no object';
  const missing = ['kind', 'id'].find((key) => written[key] === undefined);
  if (missing !== undefined) return `it has no "${missing}"`;
  const unknown = Object.keys(written).find((key) => !(key in evidenceRefSchema.shape));
  return unknown === undefined ? 'its values are not accepted' : `it cannot have "${unknown}"`;
}

function section(title: string, changes: readonly ValueChange[]): string[] {
  return changes.length === 0 ? [] : [title, ...changes.map(({ path, change, from, to }) => `  ${MARKS[change]} ${path}${change === 'reordered' ? ' (order)' : `: ${[from, to].filter((value) => value !== null).map((value) => JSON.stringify(value)).join(' → ')}`}`)];
}

const MARKS = { added: '+', removed: '-', changed: '~', reordered: '~' } as const;

function printPlaybook(context: CommandContext, playbook: PlaybookView): void {
  printFacts(context, playbook, [
    ['playbook', playbook.playbook_id],
    ['version', playbook.version],
    ['digest', playbook.digest],
    ['status', playbook.status],
    ['title', playbook.title],
    ['history', playbook.history.map(({ at, to, by, reason, evidence_refs }) => `${at} ${to} by ${by}${reason === null ? '' : `: ${reason}`}${evidence_refs.length === 0 ? '' : ` on ${evidence_refs.map(({ kind, id }) => `${kind} ${id}`).join(', ')}`}`)],
  ]);
}
