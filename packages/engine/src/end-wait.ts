import { formatDuration, isJsonObject, waitEndsAt, type JsonObject, type JsonValue, type RunError, type StepAnswer, type StepState, type StepWait } from '@kb-labs/contracts';
import { AppError, toRunError } from '@kb-labs/errors';

/** How a wait ended, before the step's own `outputs:` are applied. */
export type WaitEnd =
  | { readonly status: 'success'; readonly result: JsonObject }
  | { readonly status: 'failed'; readonly result: JsonObject; readonly error: RunError; readonly retryable: boolean };

/** The end of a step's wait: answered, or over by itself; `undefined` while it goes on. */
export function endOfWait(step: Pick<StepState, 'wait' | 'answer'>, now: number): WaitEnd | undefined {
  const { wait, answer } = step;
  if (answer !== undefined) return endByAnswer(answer);
  if (wait === undefined) return undefined;
  const endsAt = waitEndsAt(wait);
  if (endsAt === undefined || endsAt > now) return undefined;
  return endByTime(wait);
}

function endByAnswer(answer: StepAnswer): WaitEnd {
  switch (answer.kind) {
    case 'signal':
    case 'callback':
      return { status: 'success', result: asOutputs(answer.payload) };
    case 'child': {
      const { runId, status, outputs } = answer;
      if (status === 'success' || status === 'skipped') return { status: 'success', result: outputs };
      const why = answer.error === undefined ? '' : `: ${answer.error.message}`;
      const error = toRunError(new AppError('CHILD_FAILED', { runId, status, why }));
      return { status: 'failed', result: outputs, error, retryable: status !== 'cancelled' };
    }
    case 'approval': {
      const { decision, by, comment, data, at } = answer;
      const result: JsonObject = {
        ...data,
        decision,
        approver: by,
        decidedAt: new Date(at).toISOString(),
        ...(comment === undefined ? {} : { comment }),
      };
      if (decision === 'approved') return { status: 'success', result };
      const error = toRunError(new AppError('APPROVAL_REJECTED', { by, comment: comment === undefined ? '' : `: ${comment}` }));
      return { status: 'failed', result, error, retryable: false };
    }
  }
}

/** A payload that is no object is found under `payload`. */
function asOutputs(payload: JsonValue): JsonObject {
  if (isJsonObject(payload)) return payload;
  return payload === null ? {} : { payload };
}

function endByTime(wait: StepWait): WaitEnd {
  if (wait.kind === 'timer') return { status: 'success', result: { until: new Date(wait.dueAt).toISOString() } };
  const limit = formatDuration(wait.limitMs ?? 0);
  switch (wait.kind) {
    case 'approval':
      return failed(new AppError('APPROVAL_EXPIRED', { limit }));
    case 'signal':
    case 'callback':
      return failed(new AppError('WAIT_EXPIRED', { limit }));
    case 'child':
      return failed(new AppError('STEP_TIMEOUT', { limit }), true);
  }
}

function failed(error: AppError, retryable = false): WaitEnd {
  return { status: 'failed', result: {}, error: toRunError(error), retryable };
}
