import type { FlowView, JsonObject, PlaybookRef, Role, StartFlowRequest } from '@kb-labs/contracts';
import { hasCode } from '@kb-labs/errors';
import type { Secrets } from '@kb-labs/ports';
import { onTestFinished } from 'vitest';

import type { EngineDeps } from '../deps.js';
import { type Harness, type HarnessOptions, openHarness, replacing } from '../harness.fixture.js';
import { createPlaybook } from '../playbooks/create-playbook.js';
import { publishPlaybook } from '../playbooks/publish-playbook.js';
import { sendSignal } from '../send-signal.js';
import { createSession } from '../sessions/create-session.js';
import { by, tenant, WORK } from '../sessions/sessions.fixture.js';
import { turns } from '../watch-run.fixture.js';
import { readFlow } from './read-flow.js';
import { startFlow, type StartedFlow } from './start-flow.js';

export { by, tenant };

export const WORKFLOWS = {
  'work.yml': WORK,
  'quick.yml': 'id: quick\ninputs: { n: { type: number, default: 0 } }\njobs: { a: { outputs: { n: "${{ inputs.n }}" }, steps: [ { id: s, uses: t/do:it, with: { n: "${{ inputs.n }}" } } ] } }\n',
  'parent.yml': 'id: parent\njobs: { j: { steps: [ { id: call, uses: "workflow://quick", with: { n: 4 } }, { id: after, uses: t/do:after } ] } }\n',
  'patient.yml': 'id: patient\njobs: { j: { steps: [ { id: call, uses: "workflow://work" } ] } }\n',
  'ask.yml': 'id: ask\njobs: { j: { steps: [ { id: ask, uses: "builtin:approval", with: { title: "Go on?" } } ] } }\n',
};

export const MANIFEST = { playbook_id: 'ship', version: '1', title: 'Ship it', objective: 'it is shipped', runtime_defaults: { workflow_id: 'work' } };

export interface Flows extends Harness {
  /** A version of a playbook, published. */
  publish(manifest?: JsonObject): Promise<PlaybookRef>;
  /** Starts one in the session `line`. */
  start_(request: Partial<StartFlowRequest> & Pick<StartFlowRequest, 'playbook_ref'>, role?: Role): Promise<StartedFlow>;
  flow(id: string): Promise<FlowView>;
  /** Lets a run of `work` go on that waits, or will, to be let go. */
  release(runId: string | null): Promise<void>;
  /** The flow once it is so. Somebody has to work on it. */
  flowOnce(id: string, holds: (flow: FlowView) => boolean): Promise<FlowView>;
}

/** An engine with a session `line`, whose plugins can be pinned. The end of the test closes it. */
export async function openFlows({ secrets, services, ...options }: Partial<HarnessOptions> & { readonly secrets?: Readonly<Record<string, string>>; readonly services?: readonly string[] } = {}): Promise<Flows> {
  const wrap = (deps: EngineDeps): EngineDeps => {
    const sealed = { ...sealedDeps(deps), ...(services === undefined ? {} : { services }), ...(secrets === undefined ? {} : { secrets: kept(secrets) }) };
    return options.wrap?.(sealed) ?? sealed;
  };
  const harness = await openHarness({ workflows: WORKFLOWS, ...options, wrap });
  onTestFinished(() => harness.close());
  await createSession(harness.deps, { id: 'line', by, tenant });
  return withFlows(harness);
}

/** The verbs of an engine that looks at the same state. */
export function withFlows(harness: Harness): Flows {
  const { deps } = harness;
  const flow = (id: string): Promise<FlowView> => readFlow(deps, { id, tenant });
  return {
    ...harness,
    async publish(manifest = {}) {
      const { playbook } = await createPlaybook(deps, { manifest: { ...MANIFEST, ...manifest }, tenant, by });
      const { playbook_id, version, digest } = playbook;
      await publishPlaybook(deps, { id: playbook_id, version, digest, status: 'verified', evidenceRefs: [{ kind: 'review', id: 'r1' }], tenant, by });
      return { playbook_id, version, digest };
    },
    start_: (request, role = 'runner') => startFlow(deps, { request: { session_id: 'line', request: {}, ...request }, by, tenant, role }),
    flow,
    async release(runId) {
      const send = () => sendSignal(deps, { name: 'go', payload: null, by, runId: runId ?? '' });
      await turns(() =>
        send().then(
          () => true,
          (thrown: unknown) => {
            if (!hasCode(thrown, 'SIGNAL_UNHEARD')) throw thrown;
            return false;
          },
        ),
      );
    },
    async flowOnce(id, holds) {
      let found = await flow(id);
      await turns(async () => holds((found = await flow(id))));
      return found;
    },
  };
}

export function sealedDeps(deps: EngineDeps): EngineDeps {
  const plugins = replacing(deps.plugins, {
    async resolve(uses, options) {
      const found = await deps.plugins.resolve(uses, options);
      return found.ok ? { ...found, plugin: { ...found.plugin, integrity: `sha256-${uses.package}` } } : found;
    },
    list: () => Promise.resolve([{ id: 't', version: '1.0.0', origin: 'project', trusted: true, commands: [] }, { id: 'broken', version: '1.0.0', origin: 'added', trusted: true, commands: [], problem: 'changed' }]),
  });
  return { ...deps, plugins };
}

function kept(values: Readonly<Record<string, string>>): Secrets {
  return { get: (name) => Promise.resolve(values[name]), list: () => Promise.resolve([]), whereOf: () => 'the test' };
}
