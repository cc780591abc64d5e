import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { isTerminalRun, type JsonObject, PLUGIN_MANIFEST_SCHEMA, type PluginManifest, type RunId } from '@kb-labs/contracts';
import { createWorker, type EngineDeps, startRun } from '@kb-labs/engine';
import { createPluginHost } from '@kb-labs/plugin-host';
import type { CheckedDocument, CheckedDocuments } from '@kb-labs/ports';
import type { EmbeddedStore } from '@kb-labs/store-embedded';

import { manual, openEngine } from './open-engine.js';

/** What documents call it: a command of a plugin that returns at once. */
export const NOTHING = '@measured/nothing/do:nothing';

const MANIFEST: PluginManifest = {
  schema: PLUGIN_MANIFEST_SCHEMA,
  id: '@measured/nothing',
  version: '1.0.0',
  commands: [{ id: 'do:nothing', describe: 'Returns at once.', input: { type: 'object' }, output: { type: 'object' }, permissions: {}, handler: './nothing.js#default' }],
};

export interface MeasuredEngine {
  readonly deps: EngineDeps;
  readonly store: EmbeddedStore;
  close(): Promise<void>;
}

export interface OpenMeasured {
  /** The folder of everything; the state is in `state` below. */
  readonly dir: string;
  readonly workflows: readonly string[];
  /** Jobs at once. */
  readonly concurrency: number;
  /** Told of every step that is about to run. */
  readonly onStep?: () => void;
  /** Makes another document of one that was found right. */
  readonly change?: (document: CheckedDocument) => CheckedDocument;
}

/** An engine on the embedded store with a worker and the real plugin host, with the settings that it has by itself. */
export async function openMeasuredEngine({ dir, workflows, concurrency, onStep = () => undefined, change = (document) => document }: OpenMeasured): Promise<MeasuredEngine> {
  const state = join(dir, 'state');
  mkdirSync(state, { recursive: true });
  const logger = { debug() {}, info() {}, warn: complain, error: complain };
  const host = createPluginHost({ firstParty: [writeNothing(join(dir, 'plugin'))], project: { root: dir, plugins: [] }, hostEnv: { PATH: process.env['PATH'], TMPDIR: dir }, logger });
  const plugins: EngineDeps['plugins'] = {
    ...host,
    run: (call) => {
      onStep();
      return host.run(call);
    },
  };
  const opened = await openEngine({ dir: state, workflows, run: () => Promise.reject(new Error('another host runs the steps')) });
  const deps: EngineDeps = { ...opened.deps, plugins, workspace: dir, checked: checkedInMemory(change) };
  const worker = createWorker(deps, { concurrency });
  await worker.start();
  return {
    deps,
    store: opened.store,
    close: async () => {
      await worker.stop();
      await host.close();
      await opened.store.close();
    },
  };
}

/** Starts a run and resolves when it has succeeded. */
export async function carryOut(deps: EngineDeps, workflowId: string, input: JsonObject = {}): Promise<RunId> {
  const { run } = await startRun(deps, { workflowId, input, trigger: manual });
  const runId = run.id as RunId;
  const { promise: ended, resolve, reject } = Promise.withResolvers<void>();
  const look = async (): Promise<void> => {
    const summary = await deps.catalog.getRun(runId);
    if (summary === undefined || !isTerminalRun(summary.status)) return;
    if (summary.status === 'success') resolve();
    else reject(new Error(`a run of ${workflowId} ended as ${summary.status}: ${JSON.stringify((await deps.log.read(runId, 0)).at(-1))}`));
  };
  const unwatch = deps.log.watch(runId, (change) => {
    if (change?.ended !== false) look().catch(reject);
  });
  return ended.finally(unwatch).then(() => runId);
}

/** As the daemon keeps them, without its files. */
function checkedInMemory(change: (document: CheckedDocument) => CheckedDocument): CheckedDocuments {
  const known = new Map<string, CheckedDocument>();
  return {
    read: ({ text }) => Promise.resolve(known.get(text)),
    write: ({ text }, document) => {
      known.set(text, change(document));
      return Promise.resolve();
    },
  };
}

function writeNothing(root: string): string {
  mkdirSync(root);
  writeFileSync(join(root, 'package.json'), JSON.stringify({ name: MANIFEST.id, version: MANIFEST.version, type: 'module', kb: { plugin: './kb.plugin.json' } }));
  writeFileSync(join(root, 'kb.plugin.json'), JSON.stringify(MANIFEST));
  writeFileSync(join(root, 'nothing.js'), 'export default async () => ({});\n');
  return root;
}

function complain(message: string, fields: object = {}): void {
  process.stderr.write(`${message} ${JSON.stringify(fields)}\n`);
}
