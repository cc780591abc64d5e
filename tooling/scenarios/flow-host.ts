/**
 * A process with an engine in it that starts flows, for a test that kills it: `flow-host.ts <role> <dir> <redis url or -> …`.
 *
 * - `start <n> <point>`: opens what the flows need, starts the flow `f-<n>` and carries out what is open. Says `ack <flow> <run>`. Kills itself
 *   where `point` says, with SIGKILL, or never for `none`; says `works` when it has started its flow.
 * - `settle <flows>`: recovers and carries on until as many flows are settled, then says `settled`.
 */
import { setTimeout as wait } from 'node:timers/promises';

import type { FlowRecord } from '@kb-labs/contracts';
import { createWorker, type EngineDeps, listFlows, recoverFlows, recoverSessions, startFlow } from '@kb-labs/engine';
import type { RecordChange } from '@kb-labs/ports';

import { type Death, DEATHS, openFlowEngine, prepareFlows, requestOf } from './flow-engine.js';

const LOOK_MS = 20;
const LEASE_MS = 1_000;

const [role = '', dir = '', url = '-', amount = '0', point = 'none'] = process.argv.slice(2);
const say = (line: string): void => void process.stdout.write(`${line}\n`);

/** The run that was reserved for the flow that is started here. */
let own: string | undefined;

const { deps: whole, close } = await openFlowEngine({ dir, url, onStep: (runId) => void (point === 'in-step' && runId === own && die()) });
const deps = mortal(whole);
const worker = createWorker(deps, { concurrency: 4, leaseMs: LEASE_MS });
await worker.start();
switch (role) {
  case 'start': {
    const ref = await prepareFlows(whole);
    await recoverSessions(deps);
    const { flow } = await startFlow(deps, { request: requestOf(Number(amount), ref), by: 'test', tenant: 'default', role: 'runner' });
    say(`ack ${flow.flow_id} ${flow.run_id ?? ''}`);
    say('works');
    break;
  }
  case 'settle': {
    for (;;) {
      await recoverFlows(deps);
      await recoverSessions(deps);
      const { items } = await listFlows(deps, { tenant: 'default', limit: 200 });
      if (items.length >= Number(amount) && items.every(({ status }) => status === 'succeeded')) break;
      await wait(LOOK_MS);
    }
    await worker.stop();
    await close();
    say('settled');
    break;
  }
}

function die(): never {
  process.kill(process.pid, 'SIGKILL');
  // The signal comes between two instructions; this process writes nothing more.
  for (;;);
}

/** An engine that dies at its point. */
function mortal(engine: EngineDeps): EngineDeps {
  const death: Omit<Death, 'name'> = DEATHS.find(({ name }) => name === point) ?? { when: 'after' };
  const dying = async <Answer>(isIt: boolean, act: () => Promise<Answer>): Promise<Answer> => {
    if (isIt && death.when === 'before') die();
    const answered = await act();
    if (isIt) die();
    return answered;
  };
  const { records, log } = engine;
  const isOwnEvent = ({ runId, events }: { readonly runId: string; readonly events: readonly { readonly type: string }[] }): boolean => runId === own && events.some(({ type }) => type === death.atEvent);
  const write: EngineDeps['records']['write'] = (changes) => {
    own ??= reservedBy(changes);
    const mine = changes.filter(({ key }) => key.endsWith(`/f-${amount}`) || (own !== undefined && key.endsWith(`/${own}`)));
    return dying(mine.some((change) => death.atRecords?.(change) === true), () => records.write(changes));
  };
  return {
    ...engine,
    records: { get: (kind, key) => records.get(kind, key), list: (kind, page) => records.list(kind, page), write },
    log: {
      read: (...args) => log.read(...args),
      watch: (...args) => log.watch(...args),
      create: (command) => dying(isOwnEvent(command), () => log.create(command)),
      append: (command) => dying(isOwnEvent(command), () => log.append(command)),
    },
  };
}

function reservedBy(changes: readonly RecordChange[]): string | undefined {
  const made = changes.find(({ kind, key }) => kind === 'flow' && key.endsWith(`/f-${amount}`));
  return made === undefined || 'remove' in made ? undefined : (made.value as unknown as { readonly record: FlowRecord }).record.runId;
}
