import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { toRunId } from '@kb-labs/contracts';
import type { Logger } from '@kb-labs/ports';

import { runScript } from './run-script.js';

/** What running a script took: bytes of memory beyond those at its start, at most, and what arrived of its output. */
export interface FloodReport {
  readonly grownBytes: number;
  readonly lines: number;
  readonly textBytes: number;
  readonly status: string;
  /** Of the texts among its outputs. */
  readonly outputBytes: number;
}

const [, , script = '', keep] = process.argv;
const logger: Logger = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };

/** A process of its own that runs one script and says what that took. With `keep` it keeps every line, as a careless log would. */
async function flood(): Promise<FloodReport> {
  const workspace = mkdtempSync(join(tmpdir(), 'kb-flood-'));
  const kept: string[] = [];
  let lines = 0;
  let textBytes = 0;
  // Once before, so that what loads and warms up is not counted.
  await run('echo warm', workspace, () => undefined);
  const before = process.memoryUsage.rss();
  let most = before;
  const timer = setInterval(() => (most = Math.max(most, process.memoryUsage.rss())), 20);
  const { status, outputs } = await run(script, workspace, (text) => {
    lines += 1;
    textBytes += Buffer.byteLength(text);
    if (keep !== undefined) kept.push(text);
  });
  clearInterval(timer);
  // The most the system has seen: what is done in one go is over before a timer could look.
  most = Math.max(most, process.resourceUsage().maxRSS * 1024);
  rmSync(workspace, { recursive: true, force: true });
  const outputBytes = Object.values(outputs).reduce<number>((sum, value) => sum + (typeof value === 'string' ? Buffer.byteLength(value) : 0), 0);
  return { grownBytes: most - before, lines, textBytes, status, outputBytes };
}

function run(text: string, workspace: string, take: (line: string) => void) {
  return runScript(
    {
      runId: toRunId('01K0000000000000000000000A'),
      workflowId: 'flood',
      job: 'job',
      attempt: 1,
      step: 'step',
      stepAttempt: 1,
      idempotencyKey: 'key',
      tenant: 'default',
      uses: { kind: 'builtin', name: 'run' },
      placement: { ok: true, isolation: 'subprocess' },
      input: { script: text, shell: 'sh' },
      env: {},
      workspace,
      permissions: {},
      consumed: [],
      signal: new AbortController().signal,
      log: ({ text: line }) => take(line),
      progress: () => undefined,
      saveArtifact: () => Promise.reject(new Error('not expected')),
    },
    { hostEnv: process.env, logger },
  );
}

process.stdout.write(JSON.stringify(await flood()));
