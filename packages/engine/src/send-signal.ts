import { isTerminalRun, LIMITS, type JsonValue, type RunId } from '@kb-labs/contracts';
import { AppError } from '@kb-labs/errors';
import type { OpenWait } from '@kb-labs/ports';

import { answerStep, canBeAnswered } from './answer-step.js';
import type { EngineDeps } from './deps.js';
import { toKnownRunId } from './read-run.js';
import { withoutSecrets } from './read-secrets.js';
import type { DecideDeps } from './decider.js';
import { RunStates } from './run-states.js';
import { refuseReserved } from './sessions/refuse-reserved.js';

const PAGE = 100;

export interface SendSignal {
  readonly name: string;
  readonly payload: JsonValue;
  /** Who sends it. */
  readonly by: string;
  /** Only to the steps of this run. */
  readonly runId?: string;
  /** Only to runs of this tenant; to all when left out. */
  readonly tenant?: string;
}

export interface SentSignal {
  readonly name: string;
  readonly resumed: readonly { readonly runId: string; readonly job: string; readonly step: string }[];
}

/** Sends a signal to every step that waits for it now. Fails with `SIGNAL_UNHEARD` when none does. */
export async function sendSignal(deps: DecideDeps & Pick<EngineDeps, 'catalog' | 'secrets'>, command: SendSignal): Promise<SentSignal> {
  const { name, payload, by, tenant } = command;
  if (name.length === 0 || name.length > LIMITS.signalNameLength) throw new AppError('USAGE', { problem: `a signal's name has 1 to ${LIMITS.signalNameLength} characters` });
  refuseReserved({ payload });
  refuseLarge(payload);
  const runId = command.runId === undefined ? undefined : toKnownRunId(command.runId);
  const states = new RunStates(deps);
  const resumed: { runId: string; job: string; step: string }[] = [];
  for await (const wait of waitsFor(deps, name, { runId, tenant })) {
    const heard = await answer(states, wait, { payload: await withoutSecrets(deps, states, wait.runId, payload), by, tenant });
    if (heard) resumed.push({ runId: wait.runId, job: wait.job, step: wait.step });
  }
  if (resumed.length === 0) throw new AppError('SIGNAL_UNHEARD', { name });
  return { name, resumed };
}

/** Fails with `INPUT_INVALID`. */
export function refuseLarge(payload: JsonValue): void {
  const bytes = Buffer.byteLength(JSON.stringify(payload));
  if (bytes > LIMITS.valueBytes) throw new AppError('INPUT_INVALID', { problem: `the payload has ${bytes} bytes, more than ${LIMITS.valueBytes}` });
}

async function* waitsFor(deps: Pick<EngineDeps, 'catalog'>, name: string, { runId, tenant }: { runId: RunId | undefined; tenant: string | undefined }): AsyncGenerator<OpenWait> {
  for (let after: number | undefined; ; ) {
    const page = await deps.catalog.listWaits({
      kind: 'signal',
      name,
      limit: PAGE,
      ...(runId === undefined ? {} : { runId }),
      ...(tenant === undefined ? {} : { tenant }),
      ...(after === undefined ? {} : { after }),
    });
    yield* page;
    if (page.length < PAGE) return;
    after = page.at(-1)?.cursor;
  }
}

async function answer(states: RunStates, at: OpenWait, { payload, by, tenant }: { payload: JsonValue; by: string; tenant: string | undefined }): Promise<boolean> {
  let heard = false;
  const decided = await states.decide(at.runId, (draft) => {
    heard = false;
    if (tenant !== undefined && draft.state.tenant !== tenant) return;
    const job = draft.state.jobs.get(at.job);
    const step = job?.steps.find((one) => one.id === at.step);
    if (isTerminalRun(draft.state.status) || job === undefined || step?.wait?.kind !== 'signal' || step.wait.name !== at.name || !canBeAnswered(job, step, draft.at)) return;
    answerStep(draft, job, step, { kind: 'signal', payload, by });
    heard = true;
  });
  return decided.ok && heard;
}
