import type { RunDocumentView } from '@kb-labs/contracts';
import { AppError } from '@kb-labs/errors';
import type { WorkflowSource } from '@kb-labs/ports';

import type { EngineDeps } from './deps.js';
import { toKnownRunId } from './read-run.js';
import { RecordKind } from './record-kind.js';

/** By the digest of a document: the text it was first kept with. Journals have the digest alone. */
const DOCUMENT_KIND = new RecordKind<WorkflowSource>('document');
/** Documents of this process that are remembered at once. What is forgotten is looked up again. */
const REMEMBERED = 1_000;

/** Of what was planned in this process: the document, until it is kept. */
const planned = new WeakMap<EngineDeps['workflows'], Map<string, WorkflowSource | 'kept'>>();

/** Remembers what a plan was made from: whoever accepts the plan keeps it. */
export function notePlanned({ workflows }: Pick<EngineDeps, 'workflows'>, digest: string, source: WorkflowSource): void {
  const known = planned.get(workflows) ?? new Map<string, WorkflowSource | 'kept'>();
  planned.set(workflows, known);
  if (known.has(digest)) return;
  if (known.size >= REMEMBERED) known.clear();
  known.set(digest, { file: source.file, text: source.text });
}

/** Keeps the document of a plan, unless this process knows that it is kept. A plan of an earlier run has nothing to be kept. */
export async function keepDocument({ workflows, records }: Pick<EngineDeps, 'workflows' | 'records'>, digest: string): Promise<void> {
  const known = planned.get(workflows);
  const source = known?.get(digest);
  if (known === undefined || source === undefined || source === 'kept') return;
  // When another process was first, it kept the same.
  if ((await DOCUMENT_KIND.get(records, digest)) === undefined) await records.write([DOCUMENT_KIND.put(digest, source, { expected: 0 })]);
  known.set(digest, 'kept');
}

/** The document that a run was started from. Fails with `RUN_NOT_FOUND` or `DOCUMENT_NOT_KEPT`. */
export async function readRunDocument({ log, records }: Pick<EngineDeps, 'log' | 'records'>, runId: string): Promise<RunDocumentView> {
  const [started] = await log.read(toKnownRunId(runId), 0, 1);
  if (started?.type !== 'run.started') throw new AppError('RUN_NOT_FOUND', { id: runId });
  const { digest } = started.plan.workflow;
  const kept = await DOCUMENT_KIND.get(records, digest);
  if (kept === undefined) throw new AppError('DOCUMENT_NOT_KEPT', { id: runId });
  const { file, text } = kept.value;
  return { file, digest, format: formatOf(file), text };
}

export function formatOf(file: string): RunDocumentView['format'] {
  return file.toLowerCase().endsWith('.json') ? 'json' : 'yaml';
}
