import type { JsonObject, SessionRunView } from '@kb-labs/contracts';
import { hasCode } from '@kb-labs/errors';
import { onTestFinished } from 'vitest';

import { type Harness, type HarnessOptions, openHarness } from '../harness.fixture.js';
import { sendSignal } from '../send-signal.js';
import { turns } from '../watch-run.fixture.js';
import { createSession } from './create-session.js';
import { readSessionRun } from './read-session-run.js';
import { submitInput } from './submit-input.js';

export const tenant = 'default';
export const by = 'ada';
export const line = { sessionId: 'line', tenant };

/** Tells its number, and waits to be let go. */
export const WORK = `
id: work
inputs: { n: { type: number, default: 0 } }
jobs:
  a:
    outputs: { n: "\${{ inputs.n }}" }
    steps:
      - { id: s, uses: t/do:it, with: { n: "\${{ inputs.n }}" } }
      - { id: hold, uses: "builtin:wait", with: { signal: go } }
`;

export interface Line extends Harness {
  /** Submits to the session `line`. */
  submit(inputs?: JsonObject, options?: { workflow?: string; key?: string; metadata?: JsonObject; sessionId?: string }): Promise<SessionRunView>;
  read(runId: string): Promise<SessionRunView>;
  /** The run once it is so. Somebody has to work on it. */
  once(runId: string, status: SessionRunView['status']): Promise<SessionRunView>;
  /** Lets a run go on that waits, or will, to be let go. */
  release(runId: string): Promise<void>;
  /** The numbers of the work that has begun, in that order. */
  began(): unknown[];
}

/** An engine with a session `line`. The end of the test closes it. */
export async function openLine(options: Partial<HarnessOptions> = {}): Promise<Line> {
  const harness = await openHarness({ workflows: { 'w.yml': WORK }, ...options });
  onTestFinished(() => harness.close());
  await createSession(harness.deps, { id: 'line', by, tenant });
  const read = (runId: string): Promise<SessionRunView> => readSessionRun(harness.deps, { runId, tenant });
  return {
    ...harness,
    read,
    async submit(inputs = {}, { workflow = 'work', key, metadata, sessionId = 'line' } = {}) {
      const request = { workflow_id: workflow, inputs, ...(key === undefined ? {} : { idempotency_key: key }), ...(metadata === undefined ? {} : { metadata }) };
      return (await submitInput(harness.deps, { sessionId, tenant, by, request })).run;
    },
    async once(runId, status) {
      let found = await read(runId);
      await turns(async () => (found = await read(runId)).status === status);
      return found;
    },
    async release(runId) {
      await turns(() =>
        sendSignal(harness.deps, { name: 'go', payload: null, by, runId }).then(
          () => true,
          (thrown: unknown) => {
            if (!hasCode(thrown, 'SIGNAL_UNHEARD')) throw thrown;
            return false;
          },
        ),
      );
    },
    began: () => harness.calls.map(({ input }) => input['n']),
  };
}
