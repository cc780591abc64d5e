import type { JsonObject, JsonValue, LogLine, RunEvent } from '@kb-labs/contracts';
import type { LogLineView, RunEventView } from '@kb-labs/contracts/http';

/** Instants of an event that are numbers in the journal, by the part they stand in. */
const INSTANTS: Readonly<Record<string, readonly string[]>> = {
  retry: ['dueAt'],
  reason: ['dueAt'],
  wait: ['dueAt', 'expiresAt'],
  answer: ['at'],
};

/** An event as it is shown. Of a start, the workflow stands for the plan, and the run that was run again for what may be kept of it. */
export function toEventView(event: RunEvent): RunEventView {
  const { seq, at, type, ...parts } = event;
  const shown = event.type === 'run.started' ? startOf(event) : (parts as unknown as JsonObject);
  return { seq, at: toInstant(at), type, ...Object.fromEntries(Object.entries(shown).map(([name, part]) => [name, withInstants(name, part)])) };
}

function startOf({ plan, trigger, idempotencyKey, root, rerun }: RunEvent & { type: 'run.started' }): JsonObject {
  const { id, version, digest } = plan.workflow;
  const start = {
    workflow: { id, version: version ?? null, digest },
    input: plan.inputs,
    trigger,
    ...(idempotencyKey === undefined ? {} : { idempotencyKey }),
    ...(root === undefined ? {} : { root }),
    ...(rerun === undefined ? {} : { rerun: { of: rerun.of, mode: rerun.mode, ...(rerun.from === undefined ? {} : { from: rerun.from }) } }),
  };
  return start as unknown as JsonObject;
}

function withInstants(name: string, part: JsonValue): JsonValue {
  const instants = Object.hasOwn(INSTANTS, name) ? INSTANTS[name] : undefined;
  if (instants === undefined || typeof part !== 'object' || part === null || Array.isArray(part)) return part;
  return Object.fromEntries(Object.entries(part).map(([key, value]) => [key, instants.includes(key) && typeof value === 'number' ? toInstant(value) : value]));
}

export function toLogLineView(line: LogLine): LogLineView {
  return { ...line, at: toInstant(line.at) };
}

function toInstant(at: number): string {
  return new Date(at).toISOString();
}
