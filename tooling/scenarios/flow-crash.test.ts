import { FLOW_KEY, type FlowRecord, isJsonObject, type RunEvent, type RunId, type StartFlowRequest } from '@kb-labs/contracts';
import { type EngineDeps, readFlow, startFlow } from '@kb-labs/engine';
import { startRedisServer } from '@kb-labs/testkit';
import { afterEach, describe, expect, it } from 'vitest';

import { sized } from './fault-size.js';
import { DEATHS, openFlowEngine, prepareFlows, requestOf } from './flow-engine.js';
import { type Host, Hosts } from './host.fixture.js';

const KILLS = sized(6, 50);
const POINTS = [...DEATHS.map(({ name }) => name), 'in-step', 'none'];
/** All of them in turn, not in their order: the few kills of one store and those of the other make up all. */
const pointOf = (kind: string, kill: number): string => POINTS[((kill + (kind === 'redis' ? 6 : 0)) * 5) % POINTS.length] ?? 'none';

const hosts = new Hosts();
const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  hosts.clear();
  for (const close of closing.splice(0).toReversed()) await close();
});

interface Marked {
  readonly runId: string;
  readonly flowId: string;
  readonly nonce: string;
}

interface FlowLedgers {
  readonly acknowledged: readonly string[];
  readonly records: readonly FlowRecord[];
  /** Runs that say they are the root of a flow. */
  readonly roots: readonly Marked[];
}

/** What must not be: a flow that was acknowledged and is gone, one without its run or with two, a run of no flow. */
function disagreements({ acknowledged, records, roots }: FlowLedgers): string[] {
  const kept = new Set(records.map(({ flowId }) => flowId));
  return [
    ...acknowledged.filter((id) => !kept.has(id)).map((id) => `lost: ${id} was acknowledged`),
    ...records.flatMap(({ flowId, runId, mark }) => {
      const own = roots.filter((root) => root.flowId === flowId);
      if (own.length !== 1) return [`${flowId} has ${String(own.length)} runs`];
      return own[0]?.runId === runId && own[0].nonce === mark.nonce ? [] : [`${flowId} has another run`];
    }),
    ...roots.filter(({ flowId }) => !kept.has(flowId)).map(({ runId }) => `${runId} is of no flow`),
  ];
}

async function readLedgers({ records, catalog, log }: EngineDeps, acknowledged: readonly string[]): Promise<FlowLedgers> {
  const flows = (await records.list('flow', { limit: 1_000 })).map(({ value }) => (value as unknown as { record: FlowRecord }).record);
  const roots: Marked[] = [];
  for (const { id, trigger } of await catalog.listRuns({ limit: 10_000 })) {
    const [first] = await log.read(id as RunId, 0, 1);
    const marked = trigger.type === 'call' ? undefined : markOf(id, first);
    if (marked !== undefined) roots.push(marked);
  }
  return { acknowledged, records: flows, roots };
}

function markOf(runId: string, first: RunEvent | undefined): Marked | undefined {
  const mark = first?.type === 'run.started' ? first.trigger.session?.metadata[FLOW_KEY] : undefined;
  return isJsonObject(mark) ? { runId, flowId: String(mark['flow_id']), nonce: String(mark['nonce']) } : undefined;
}

describe.each(['embedded', 'redis'] as const)('flows on the %s store', (kind) => {
  it(`have one run each, whatever of ${KILLS} kills came in between`, async () => {
    const dir = hosts.newDir();
    let url = '-';
    if (kind === 'redis') {
      const server = await startRedisServer({ 'maxmemory-policy': 'noeviction', appendfsync: 'always' });
      closing.push(() => server.stop());
      ({ url } = server);
    }
    const program = new URL('./flow-host.ts', import.meta.url);
    const start = (...args: string[]): Host => hosts.start(program, ...args);
    const acknowledged: string[] = [];
    for (let kill = 0; kill < KILLS; kill += 1) {
      const point = pointOf(kind, kill);
      const host = start('start', dir, url, String(kill), point);
      if (point === 'none') {
        await host.until(/^works$/m);
        host.process.kill('SIGKILL');
      }
      await host.ended;
      expect(host.process.signalCode, `${point}: ${host.said}`).toBe('SIGKILL');
      acknowledged.push(...host.acknowledged());
    }
    const { deps, close } = await openFlowEngine({ dir, url, onStep: () => undefined });
    closing.push(close);
    const ref = await prepareFlows(deps);
    const kept = (await deps.records.list('flow', { limit: 1_000 })).length;
    const settling = start('settle', dir, url, String(kept));
    await settling.until(/^settled$/m);
    await settling.ended;

    const ledgers = await readLedgers(deps, acknowledged);
    expect(disagreements(ledgers)).toEqual([]);
    expect(ledgers.records).toHaveLength(kept);
    const notKept = Array.from({ length: KILLS }, (_, kill) => pointOf(kind, kill)).filter((point) => point === 'before-record');
    expect(kept).toBe(KILLS - notKept.length);
    expect(await deps.records.list('flow-open', { limit: 1 })).toEqual([]);

    for (let n = 0; n < KILLS; n += 1) await retry(deps, requestOf(n, ref), ledgers.records);
    const [record] = ledgers.records;
    const [root] = ledgers.roots;
    if (record === undefined || root === undefined) throw new Error('no flow');
    // The checker sees what it is there for.
    expect(disagreements({ ...ledgers, roots: [...ledgers.roots, { ...root, runId: 'run_2' }] })).toHaveLength(1);
    expect(disagreements({ ...ledgers, roots: ledgers.roots.slice(1) })).toHaveLength(1);
    expect(disagreements({ ...ledgers, roots: [{ ...root, nonce: 'x' }, ...ledgers.roots.slice(1)] })).toHaveLength(1);
    expect(disagreements({ ...ledgers, roots: [...ledgers.roots, { ...root, flowId: 'g' }] })).toHaveLength(1);
    expect(disagreements({ ...ledgers, acknowledged: [...acknowledged, 'g'] })).toHaveLength(1);
  }, sized(120_000, 400_000));
});

/** The same request is the same flow, and with one field changed it is refused. */
async function retry(deps: EngineDeps, request: StartFlowRequest, records: readonly FlowRecord[]): Promise<void> {
  const known = records.find(({ flowId }) => flowId === request.flow_id);
  if (known === undefined) return;
  const ask = (one: StartFlowRequest) => startFlow(deps, { request: one, by: 'test', tenant: 'default', role: 'runner' });
  expect(await ask(request)).toMatchObject({ repeated: true, flow: { flow_id: known.flowId, run_id: known.runId, status: 'succeeded' } });
  const changed: Partial<StartFlowRequest>[] = [{ flow_id: 'other' }, { idempotency_key: 'other' }, { session_id: 'other' }, { metadata: { x: 1 } }, { request: { inputs: { n: -1 } } }, { request: { ...request.request, workflow_id: 'outer' } }];
  for (const change of changed) await expect(ask({ ...request, ...change }), JSON.stringify(change)).rejects.toMatchObject({ code: 'FLOW_CONFLICT' });
  expect((await readFlow(deps, { id: known.flowId, tenant: 'default' })).child_run_ids).toHaveLength(1);
}
