import type { PlannedTarget } from '@kb-labs/contracts';
import { afterAll, describe, expect, it } from 'vitest';

import { canSandbox } from '../confine/can-sandbox.js';
import { createPluginHost } from '../create-plugin-host.js';
import { recordCall, scriptInput, silentLogger, temporaryFolder } from '../step-call.fixture.js';

const folder = temporaryFolder();
afterAll(() => folder[Symbol.dispose]());

const MIB = 1024 * 1024;
const sandbox = await canSandbox();
const isolations = ['subprocess', ...(sandbox.ok ? (['sandbox'] as const) : [])] as const;

async function run(isolation: 'subprocess' | 'sandbox', limits: Omit<PlannedTarget, 'mode'>, script: string, shell: 'sh' | 'node' = 'sh') {
  const host = createPluginHost({ firstParty: [], project: { root: folder.path, plugins: [] }, hostEnv: { PATH: process.env['PATH'] }, logger: silentLogger });
  const target: PlannedTarget = { mode: 'subprocess', sandbox: isolation === 'sandbox', ...limits };
  const recorded = recordCall({ workspace: folder.path, input: scriptInput(script, shell), placement: { ok: true, isolation, target } });
  return { ...recorded, outcome: await host.run(recorded.call) };
}

describe.each(isolations)('limits of a script in a %s', (isolation) => {
  it('end it when it takes too much memory', async () => {
    const { outcome } = await run(isolation, { memoryBytes: 128 * MIB }, 'const kept = []; setInterval(() => kept.push(Buffer.alloc(32 * 1024 * 1024, 1)), 20);', 'node');
    expect(outcome).toMatchObject({ status: 'failed', retryable: false, error: { code: 'MEMORY_EXCEEDED', message: expect.stringContaining('128 MiB') as string } });
  });

  it('end it when it has too many processes', async () => {
    const { outcome } = await run(isolation, { pids: 8 }, 'for i in 1 2 3 4 5 6 7 8 9 10 11 12; do sleep 100 & done; wait');
    // Where the system keeps this limit, a shell cannot start the next one, and fails itself.
    expect(outcome).toMatchObject({ status: 'failed' });
    if (isolation === 'subprocess') expect(outcome).toMatchObject({ retryable: false, error: { code: 'TOO_MANY_PROCESSES' } });
  });

  it('leave it alone while it keeps to them', async () => {
    const { outcome } = await run(isolation, { memoryBytes: 256 * MIB, pids: 16, cpus: 4 }, 'echo "done=yes" >> "$KB_OUTPUT"');
    expect(outcome).toMatchObject({ status: 'success', outputs: { done: 'yes' } });
  });

  it('give it no more of the processors than its share', async () => {
    const busy = 'const begun = Date.now(); while (Date.now() - begun < 1500); const { user, system } = process.cpuUsage(); require("fs").appendFileSync(process.env.KB_OUTPUT, `{"share": ${(user + system) / 1000 / (Date.now() - begun)}}\\n`);';
    const { outcome } = await run(isolation, { cpus: 0.2 }, busy, 'node');
    expect(outcome.status).toBe('success');
    expect(Number(outcome.outputs['share'])).toBeLessThan(0.6);
  });
});
