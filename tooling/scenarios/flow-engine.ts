import type { PlaybookRef, RunEventBody, StartFlowRequest } from '@kb-labs/contracts';
import { createPlaybook, createSession, type EngineDeps, publishPlaybook } from '@kb-labs/engine';
import type { RecordChange } from '@kb-labs/ports';

import { openEngine } from './open-engine.js';
import { openRedisEngine } from './open-redis-engine.js';

const SESSIONS = 3;

const WORKFLOWS = [
  'id: outer\ninputs: { n: { type: number } }\njobs: { a: { steps: [ { id: s, uses: host/do:it }, { id: call, uses: "workflow://inner" } ] } }\n',
  'id: inner\njobs: { b: { steps: [ { id: t, uses: host/do:it } ] } }\n',
];

/** An engine on the store of a folder, or on a Redis server, whose plugins can be pinned. */
export async function openFlowEngine({ dir, url, onStep }: { dir: string; url: string; onStep: (runId: string) => void }): Promise<{ deps: EngineDeps; close: () => Promise<void> }> {
  const options = {
    dir,
    workflows: WORKFLOWS,
    run: ({ runId }: { readonly runId: string }) => {
      onStep(runId);
      return Promise.resolve({ status: 'success' as const, outputs: {} });
    },
  };
  const { deps, store } = url === '-' ? await openEngine(options) : await openRedisEngine(url, options);
  const resolve: EngineDeps['plugins']['resolve'] = async (uses, how) => {
    const found = await deps.plugins.resolve(uses, how);
    return found.ok ? { ...found, plugin: { ...found.plugin, integrity: 'sha256-host' } } : found;
  };
  return { deps: { ...deps, plugins: { ...deps.plugins, resolve } }, close: () => store.close() };
}

/** Done again, it changes nothing. */
export async function prepareFlows(deps: EngineDeps): Promise<PlaybookRef> {
  const tenant = 'default';
  for (let n = 0; n < SESSIONS; n += 1) await createSession(deps, { id: `s-${String(n)}`, by: 'test', tenant });
  const manifest = { playbook_id: 'ship', version: '1', title: 'Ship', objective: 'it is shipped', runtime_defaults: { workflow_id: 'outer' } };
  const { playbook } = await createPlaybook(deps, { manifest, by: 'test', tenant });
  const { playbook_id: id, version, digest } = playbook;
  await publishPlaybook(deps, { id, version, digest, status: 'active', evidenceRefs: [{ kind: 'review', id: '1' }], by: 'test', tenant });
  return { playbook_id: id, version, digest };
}

export function requestOf(n: number, playbook_ref: PlaybookRef): StartFlowRequest {
  return { flow_id: `f-${String(n)}`, idempotency_key: `key-${String(n)}`, playbook_ref, session_id: `s-${String(n % SESSIONS)}`, request: { inputs: { n } } };
}

/** What a process is about to write, or has written, when it dies. Of its own flow, so that what it carries on of others does not end it before. */
export interface Death {
  readonly name: string;
  readonly when: 'before' | 'after';
  readonly atRecords?: (change: RecordChange) => boolean;
  readonly atEvent?: RunEventBody['type'];
}

const makes = (kind: string) => (change: RecordChange) => change.kind === kind && change.expected === 0;
const closes = (change: RecordChange) => change.kind === 'flow-open' && 'remove' in change;

/** From before a flow is kept until its run has ended. */
export const DEATHS: readonly Death[] = [
  { name: 'before-record', when: 'before', atRecords: makes('flow') },
  { name: 'after-record', when: 'after', atRecords: makes('flow') },
  { name: 'before-submission', when: 'before', atRecords: makes('run-session') },
  { name: 'after-submission', when: 'after', atRecords: makes('run-session') },
  { name: 'before-run', when: 'before', atEvent: 'run.started' },
  { name: 'after-run', when: 'after', atEvent: 'run.started' },
  { name: 'before-closed', when: 'before', atRecords: closes },
  { name: 'after-closed', when: 'after', atRecords: closes },
  { name: 'before-end', when: 'before', atEvent: 'run.finished' },
  { name: 'after-end', when: 'after', atEvent: 'run.finished' },
];
