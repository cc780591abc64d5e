import { ISOLATION_LEVELS, type Isolation, type JsonObject } from '@kb-labs/contracts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { canSandbox } from '../confine/can-sandbox.js';
import { type Bench, makeWorkspace, openBench, type TargetRun } from './conformance.fixture.js';
import { type Servers, startServers } from './conformance-servers.fixture.js';
import { containerImage } from './container-image.fixture.js';

/** Outcomes at every target take a process each: the whole table only when it is asked for. */
const IS_FULL = process.env['KB_FAULTS'] === 'full';

const REFERENCE: Isolation = 'in-process';
const others = ISOLATION_LEVELS.filter((level) => level !== REFERENCE);

const sandbox = await canSandbox();
const container = await containerImage();

/** Why a target is not compared here. */
function missing(isolation: Isolation): string | undefined {
  if (isolation === 'sandbox' && !sandbox.ok) return sandbox.problem;
  if (isolation === 'container' && !container.ok) return container.problem;
  return undefined;
}

let bench: Bench;
let servers: Servers;
beforeAll(async () => {
  servers = await startServers();
  bench = openBench(container.ok ? { image: container.image, containerEnv: container.hostEnv } : {});
});
afterAll(async () => {
  await bench.close();
  await servers.close();
});

async function run(isolation: Isolation, handler: string, input: JsonObject = {}): Promise<TargetRun> {
  makeWorkspace(bench.workspace);
  return bench.run(isolation, handler, { input });
}

/** All that a step leaves to see. What a handler prints is only seen where its process is not this one. */
function seen({ outcome, lines, artifacts, progress }: TargetRun) {
  return { outcome, lines: lines.filter(({ stream }) => stream === 'log'), artifacts: [...artifacts], progress };
}

describe('the context of a handler', () => {
  let reference: TargetRun;
  beforeAll(async () => {
    const { web, echo, closed } = servers;
    reference = await run(REFERENCE, 'suite', { web, echo, closed });
  });

  it('works in this process: every case gives something, and none fails by accident', () => {
    expect(reference.outcome).toMatchObject({ status: 'success' });
    const results = (reference.outcome.outputs['results'] ?? {}) as Record<string, JsonObject>;
    expect(Object.keys(results).length).toBeGreaterThanOrEqual(37);
    expect(Object.entries(results).filter(([, result]) => 'failed' in result)).toEqual([]);
    expect(reference.lines.length).toBeGreaterThan(2_000);
    expect(reference.progress.length).toBe(5);
    expect(reference.artifacts.size).toBe(4);
  });

  it.each(others)('is the same in %s', { timeout: 60_000 }, async (isolation) => {
    const problem = missing(isolation);
    if (problem !== undefined) return console.warn(`not compared: ${isolation}: ${problem}`);
    const { web, echo, closed } = servers;
    const there = await run(isolation, 'suite', { web, echo, closed });
    const results = there.outcome.outputs['results'] as Record<string, unknown> | undefined;
    for (const [name, result] of Object.entries((reference.outcome.outputs['results'] ?? {}) as JsonObject)) expect({ [name]: results?.[name] }).toEqual({ [name]: result });
    expect(seen(there)).toEqual(seen(reference));
  });
});

const OUTCOMES: readonly string[] = [
  ...['returns', 'throwsError', 'throwsCoded', 'throwsFatal', 'throwsLater', 'throwsText', 'throwsNull', 'throwsObject', 'throwsTrap', 'throwsDenied', 'throwsSecret'],
  ...['returnsCircle', 'returnsUndefinedMember', 'returnsDate', 'returnsBigint', 'returnsNaN', 'returnsFunction', 'returnsArray', 'returnsNothing', 'returnsNull', 'returnsHole'],
  ...['returnsDeep', 'returnsPrototype', 'returnsNumbers', 'returnsLarge', 'returnsTooLarge', 'returnsTooMany', 'misfits', 'notAFunction', 'missing'],
];

/** Those that go another way than the others through the processes. */
const EVERYWHERE = new Set(['throwsCoded', 'returnsLarge']);

describe('the outcome of a handler', () => {
  it.each(OUTCOMES)('%s is the same everywhere', { timeout: 60_000 }, async (handler) => {
    const input = { given: 1 };
    const reference = await run(REFERENCE, handler, input);
    for (const isolation of others) {
      if (missing(isolation) !== undefined || !(IS_FULL || isolation === 'worker-pool' || EVERYWHERE.has(handler))) continue;
      expect({ isolation, ...seen(await run(isolation, handler, input)) }).toEqual({ isolation, ...seen(reference) });
    }
  });

  it('is told apart: outcomes that differ are not the same', async () => {
    expect(seen(await run(REFERENCE, 'throwsError'))).not.toEqual(seen(await run('worker-pool', 'throwsText')));
  });
});
