import type { JsonObject, RunError } from '@kb-labs/contracts';
import { AppError, fromUnknown, toRunError } from '@kb-labs/errors';
import { decideGate } from '@kb-labs/resolver';

import { checkControlInput } from './begin-wait.js';
import type { EngineDeps } from './deps.js';

export type GatePassed =
  | { readonly status: 'success'; readonly outputs: JsonObject; /** The job goes back to this step. */ readonly restartFrom?: string }
  | { readonly status: 'failed'; readonly outputs: JsonObject; readonly error: RunError; readonly retryable: false };

/** What a gate does with its decision. Its outputs say so, also to the steps that it sends the job back to. */
export function passGate(deps: Pick<EngineDeps, 'checkSchema'>, gate: { id: string; iteration: number }, input: JsonObject): GatePassed {
  const outputs = (route: string, context: JsonObject): JsonObject => ({ decision: input['decision'] ?? null, route, iteration: gate.iteration, context });
  try {
    checkControlInput(deps, 'gate', input);
    const decision = decideGate(input, gate.iteration);
    switch (decision.route) {
      case 'continue':
        return { status: 'success', outputs: outputs('continue', {}) };
      case 'restart':
        return { status: 'success', outputs: outputs('restart', decision.context), restartFrom: decision.from };
      case 'fail':
        throw new AppError('GATE_FAILED', { problem: decision.problem });
      case 'invalid':
        throw new AppError('WITH_INVALID', { problem: decision.problem });
      case 'exhausted':
        throw new AppError('GATE_EXHAUSTED', { times: decision.times });
    }
  } catch (thrown) {
    return { status: 'failed', outputs: outputs('fail', {}), error: toRunError(fromUnknown(thrown)), retryable: false };
  }
}
