import { CONTROL_SHAPES, formatDuration, LIMITS, parseDuration, type ApprovalWait, type JsonObject, type JsonValue, type PlannedStep, type StepWait } from '@kb-labs/contracts';
import { AppError } from '@kb-labs/errors';

import type { EngineDeps } from './deps.js';

/** The built-in steps that wait. */
export type WaitName = 'approval' | 'sleep' | 'wait';

/** What a built-in step waits for, by its evaluated `with:`. Fails with `WITH_INVALID`. */
export async function beginWait(
  deps: Pick<EngineDeps, 'checkSchema' | 'clock'>,
  step: PlannedStep,
  name: WaitName,
  input: JsonObject,
): Promise<StepWait> {
  checkControlInput(deps, name, input);
  const now = deps.clock.now();
  const limitMs = minOf(step.timeoutMs, toMs(input[name === 'approval' ? 'expires' : 'timeout']));
  const expires = limitMs === undefined ? {} : { expiresAt: now + limitMs, limitMs };
  switch (name) {
    case 'sleep':
      return { kind: 'timer', dueAt: await wakeAt(input, now) };
    case 'wait':
      if (input['callback'] === true) return { kind: 'callback', ...expires };
      if (typeof input['signal'] === 'string') return { kind: 'signal', name: input['signal'], ...expires };
      throw misfit('it waits for a "signal" or, with "callback: true", to be called back');
    case 'approval':
      return { ...(await toApproval(input)), ...expires };
  }
}

/** Fails with `WITH_INVALID`. */
export function checkControlInput(deps: Pick<EngineDeps, 'checkSchema'>, name: WaitName | 'gate', input: JsonObject): void {
  const problem = deps.checkSchema(CONTROL_SHAPES[name].input, input);
  if (problem !== undefined) throw misfit(problem);
}

/** What is shown to those who approve, with its digest. */
export async function toApproval(input: JsonObject): Promise<Omit<ApprovalWait, 'expiresAt' | 'limitMs'>> {
  const { contentDigest } = await import('@kb-labs/digest');
  const shown: JsonObject = {};
  for (const key of ['title', 'instructions', 'context', 'approvers', 'form'] as const) if (input[key] !== undefined) shown[key] = input[key];
  return {
    kind: 'approval',
    title: String(input['title']),
    ...(typeof input['instructions'] === 'string' ? { instructions: input['instructions'] } : {}),
    ...(input['context'] === undefined ? {} : { context: input['context'] }),
    ...(Array.isArray(input['approvers']) ? { approvers: input['approvers'].map(String) } : {}),
    ...(input['form'] === undefined ? {} : { form: input['form'] as JsonObject }),
    ...(input['prevent-self-approval'] === true ? { preventSelfApproval: true as const } : {}),
    subject: contentDigest('approval', shown),
  };
}

async function wakeAt(input: JsonObject, now: number): Promise<number> {
  const { for: span, until } = input;
  if ((span === undefined) === (until === undefined)) throw misfit('it sleeps "for" a duration or "until" an instant, one of the two');
  if (span !== undefined) return now + (toMs(span) ?? 0);
  const { isInstant } = await import('@kb-labs/manifest');
  if (!isInstant(String(until))) throw misfit(`"${String(until)}" is no instant: write it as 2030-01-31T09:00:00Z`);
  const at = Date.parse(String(until));
  if (at - now > LIMITS.waitMaxMs) throw misfit(`${String(until)} is more than ${formatDuration(LIMITS.waitMaxMs)} away`);
  return at;
}

function toMs(value: JsonValue | undefined): number | undefined {
  if (value === undefined) return undefined;
  const ms = typeof value === 'number' || typeof value === 'string' ? parseDuration(value) : undefined;
  if (ms === undefined) throw misfit(`${JSON.stringify(value)} is no duration: write 500ms, 30s, 10m, 2h, or a number of seconds`);
  if (ms < 0 || ms > LIMITS.waitMaxMs) throw misfit(`a wait of ${JSON.stringify(value)} is not between nothing and ${formatDuration(LIMITS.waitMaxMs)}`);
  return ms;
}

function minOf(a: number | null, b: number | undefined): number | undefined {
  if (a === null) return b;
  return b === undefined ? a : Math.min(a, b);
}

function misfit(problem: string): AppError {
  return new AppError('WITH_INVALID', { problem });
}
