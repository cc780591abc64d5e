import { join } from 'node:path';

import { fileBlobs } from '@kb-labs/blobs';
import { parseRunId, toRunId, toWorkerId } from '@kb-labs/contracts';
import { Beginners, type EngineDeps } from '@kb-labs/engine';
import type { PluginHost } from '@kb-labs/ports';
import { type EmbeddedStore, openEmbeddedStore } from '@kb-labs/store-embedded';

export interface OpenEngine {
  /** The folder of the state. */
  readonly dir: string;
  /** Documents. */
  readonly workflows: readonly string[];
  /** What every step does, whatever its command. */
  readonly run: PluginHost['run'];
  readonly limits?: Partial<EngineDeps['limits']>;
}

/** An engine on the embedded store whose steps are a function, for processes that are killed or measured. */
export async function openEngine(options: OpenEngine): Promise<{ deps: EngineDeps; store: EmbeddedStore }> {
  const store = await openEmbeddedStore({ dir: options.dir, clock });
  return { deps: engineOn(store, options), store };
}

/** The same on any store. */
export function engineOn({ log, catalog, queue, claims, logs, records, rateLimits, retention }: Pick<EngineDeps, 'log' | 'catalog' | 'queue' | 'claims' | 'logs' | 'records' | 'rateLimits' | 'retention'>, options: OpenEngine): EngineDeps {
  const { dir } = options;
  const sources = options.workflows.map((text, index) => ({ file: `${index}.yml`, text }));
  return {
    log,
    catalog,
    queue,
    claims,
    logs,
    records,
    rateLimits,
    retention,
    callbacks: { urlOf: (runId) => runId, runOf: parseRunId },
    blobs: fileBlobs({ dir: join(dir, 'blobs') }),
    plugins: pluginsThat(options.run),
    workflows: { list: () => Promise.resolve(sources), candidates: () => Promise.resolve(sources), listeners: () => Promise.resolve([]) },
    beginners: new Beginners(),
    files: { hash: () => '', open: () => Promise.resolve(undefined) },
    clock,
    ids: { runId: () => toRunId(nextId()), workerId: () => toWorkerId(nextId()), sessionId: () => `ses-${nextId()}`, flowId: () => `flow-${nextId()}` },
    logger: { debug() {}, info() {}, warn: tell, error: tell },
    random: Math.random,
    workspace: dir,
    vars: {},
    checkSchema: () => undefined,
    limits: { matrixCombinations: 256, ...options.limits },
  };
}

export const manual = { type: 'manual' as const, actor: 'test', payload: null, branch: null, tag: null, sha: null };

const clock = {
  now: () => Date.now(),
  after: (ms: number, callback: () => void) => {
    const timer = setTimeout(callback, ms);
    return () => clearTimeout(timer);
  },
};

function pluginsThat(run: PluginHost['run']): PluginHost {
  return {
    list: () => Promise.resolve([]),
    endStray: () => Promise.resolve(0),
    mayChangeFiles: () => Promise.resolve(true),
    place: () => Promise.resolve({ ok: true, isolation: 'in-process' }),
    close: () => Promise.resolve(),
    resolve: (uses) => {
      const command = { id: uses.command, describe: 'does what the test says', input: {}, output: {}, permissions: {}, handler: './x.js#default' };
      return Promise.resolve({ ok: true, plugin: { id: uses.package, version: '1.0.0', origin: 'project', trusted: true, commands: [command] }, command });
    },
    run,
  };
}

let ids = 0;

/** 26 digits, as the ids of runs have characters; they sort as they are made. */
function nextId(): string {
  ids += 1;
  return `${Date.now()}${String(process.pid % 1_000_000).padStart(6, '0')}${String(ids).padStart(7, '0')}`;
}

export function tell(message: string, fields?: object): void {
  process.stderr.write(`${message} ${JSON.stringify(fields ?? {})}\n`);
}
