import { cpSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { type ImageUsed, type Isolation, type JsonObject, type JsonValue, parseUses, type PlannedTarget, type PluginCommand } from '@kb-labs/contracts';
import { AppError } from '@kb-labs/errors';
import type { Llm, PluginHost, Redactor, StepCall, StepOutcome } from '@kb-labs/ports';

import type { StepServices } from '../context/step-services.js';
import { createPluginHost } from '../create-plugin-host.js';
import { writePlugin } from '../plugins/plugin-package.fixture.js';
import type { HostEnv } from '../process-tree/base-env.js';
import { consumedArtifact, type RecordedCall, recordCall, silentLogger, temporaryFolder } from '../step-call.fixture.js';
import type { ExecutionSettings } from './settings.js';

const HANDLERS = fileURLToPath(new URL('./fixtures', import.meta.url));

/** What every command of the package may do. The document grants it, and lists two of its secrets. */
const PERMISSIONS: PluginCommand['permissions'] = {
  shell: ['sh', 'cat', 'surely-not-there'],
  network: ['127.0.0.1'],
  fs: { read: ['out', 'out/**', 'given.txt', 'link-out'], write: ['out/**'] },
  env: ['GRANTED'],
  secrets: ['GIVEN', 'NOT_LISTED', 'LISTED_AND_MISSING'],
  services: ['llm', 'storage'],
};

const COMMANDS: Readonly<Record<string, Partial<PluginCommand>>> = {
  returns: {
    input: { type: 'object', properties: { word: { type: 'string', default: 'filled in' }, deep: { type: 'object', properties: { n: { default: 1 } }, default: {} } } },
  },
  misfits: { output: { type: 'object', properties: { right: { type: 'boolean' } }, required: ['right'], additionalProperties: false } },
  spawnsOnAbort: { permissions: { fs: { read: ['**'], write: ['**'] } } },
};

/** A step of the package, run at one of the targets. */
export interface TargetRun extends RecordedCall {
  readonly outcome: StepOutcome;
}

interface RunOptions {
  readonly input?: JsonObject;
  readonly target?: PlannedTarget;
  readonly tenant?: string;
  readonly signal?: AbortSignal;
  /** Called with each line, as it comes. A promise holds back what comes next. */
  readonly onLine?: (text: string) => void | Promise<void>;
}

export interface Bench {
  readonly host: PluginHost;
  readonly workspace: string;
  readonly hostEnv: HostEnv;
  run(isolation: Isolation, handler: string, options?: RunOptions): Promise<TargetRun>;
  close(): Promise<void>;
}

export interface BenchOptions {
  readonly execution?: ExecutionSettings;
  readonly image?: ImageUsed;
  readonly killGraceMs?: number;
  readonly hostEnv?: HostEnv;
  /** Of the one that containers are run with, what they need of it. */
  readonly containerEnv?: HostEnv;
}

/** A host with one package of handlers, and a workspace that is the same for each run. */
export function openBench(options: BenchOptions = {}): Bench {
  const folder = temporaryFolder();
  const workspace = join(folder.path, 'workspace');
  const scratch = join(folder.path, 'tmp');
  mkdirSync(scratch);
  const root = writePlugin(join(folder.path, 'plugin'), {
    name: '@acme/conformance',
    commands: HANDLER_NAMES.map((name) => ({ id: `at:${toId(name)}`, input: { type: 'object' }, output: { type: 'object' }, permissions: PERMISSIONS, handler: `./outcome-cases.mjs#${name}`, ...COMMANDS[name] })),
  });
  cpSync(HANDLERS, join(root, 'dist'), { recursive: true });
  // By its folder for temporary files every process of this bench can be told from others.
  const { CONTAINERS_CONF, CONTAINERS_STORAGE_CONF, HOME } = options.containerEnv ?? {};
  const hostEnv = { PATH: process.env['PATH'] ?? '', TMPDIR: scratch, GRANTED: 'granted', HOME, CONTAINERS_CONF, CONTAINERS_STORAGE_CONF, ...options.hostEnv };
  const host = createPluginHost({
    firstParty: [],
    project: { root: folder.path, plugins: [root] },
    hostEnv,
    logger: silentLogger,
    services: services(),
    ...(options.execution === undefined ? {} : { execution: options.execution }),
    killGraceMs: options.killGraceMs ?? 2_000,
  });
  const run: Bench['run'] = async (isolation, handler, { input = {}, target, tenant = 'default', signal, onLine } = {}) => {
    const uses = parseUses(`@acme/conformance/at:${toId(handler)}`);
    if (uses === undefined) throw new Error(`no command ${handler}`);
    const recorded = recordCall({
      workspace,
      uses,
      input,
      tenant,
      placement: { ok: true, isolation, ...(target === undefined ? {} : { target }), ...(isolation === 'container' && options.image !== undefined ? { image: options.image } : {}) },
      env: { DECLARED: 'declared' },
      secrets: { listed: ['GIVEN', 'LISTED_AND_MISSING', 'NOT_DECLARED'], values: { GIVEN: 'hunter22' } },
      redactor: REDACTOR,
      consumed: [consumedArtifact('consumed.bin', Buffer.alloc(1_500_000, 'abc'), {}, 65_536)],
      ...(signal === undefined ? {} : { signal }),
    });
    const log: StepCall['log'] = (entry) => {
      const held = onLine?.(entry.text);
      const taken = recorded.call.log(entry);
      return held ?? taken;
    };
    return { ...recorded, outcome: await host.run({ ...recorded.call, log }) };
  };
  makeWorkspace(workspace);
  return {
    host,
    workspace,
    hostEnv,
    run,
    close: async () => {
      await host.close();
      folder[Symbol.dispose]();
    },
  };
}

/** As it is before each run that is compared. */
export function makeWorkspace(workspace: string): void {
  rmSync(workspace, { recursive: true, force: true });
  mkdirSync(join(workspace, 'out'), { recursive: true });
  mkdirSync(join(workspace, 'hidden'));
  writeFileSync(join(workspace, 'given.txt'), 'given');
  writeFileSync(join(workspace, 'hidden/secret.txt'), 'hidden');
  symlinkSync('/etc/hostname', join(workspace, 'link-out'));
}

function toId(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

const REDACTOR: Redactor = {
  text: (text) => text.replaceAll('hunter22', '***'),
  bytes: () => ({ push: (chunk) => chunk, end: () => new Uint8Array(0) }),
};

/** The real ports, with what they would reach for in memory. */
function services(): StepServices {
  const llm: Llm = {
    provider: 'openai',
    configured: () => Promise.resolve({ chat: true, embeddings: true }),
    complete: ({ messages }) => {
      const said = messages.at(-1)?.content ?? '';
      if (said === 'fail') return Promise.reject(new AppError('LLM_FAILED', { problem: 'it was asked to' }));
      return Promise.resolve({ text: `you said: ${said}`, model: 'm-1', provider: 'openai', usage: { promptTokens: 3, answerTokens: 4 } });
    },
    embed: (texts) => Promise.resolve({ vectors: texts.map((text) => [text.length, 0.5]), model: 'e-1' }),
  };
  const storage: StepServices['storage'] = () => {
    const kept = new Map<string, JsonValue>();
    return {
      get: (key) => Promise.resolve(kept.get(key)),
      set: (key, value) => Promise.resolve(void kept.set(key, value)),
      remove: (key) => Promise.resolve(void kept.delete(key)),
      keys: (prefix = '') => Promise.resolve([...kept.keys()].filter((key) => key.startsWith(prefix)).sort()),
    };
  };
  return { llm, storage };
}

const HANDLER_NAMES: readonly string[] = [
  ...['suite', 'returns', 'throwsError', 'throwsCoded', 'throwsFatal', 'throwsLater', 'throwsText', 'throwsNull', 'throwsObject', 'throwsTrap', 'throwsDenied', 'throwsSecret'],
  ...['returnsCircle', 'returnsUndefinedMember', 'returnsDate', 'returnsBigint', 'returnsNaN', 'returnsFunction', 'returnsArray', 'returnsNothing', 'returnsNull', 'returnsHole'],
  ...['returnsDeep', 'returnsPrototype', 'returnsNumbers', 'returnsLarge', 'returnsTooLarge', 'returnsTooMany', 'misfits', 'notAFunction', 'missing'],
  ...['settlesOnAbort', 'ignoresAbort', 'execsOnAbort', 'spawnsOnAbort', 'prints', 'printsMuch', 'printsByPrograms', 'leaves', 'failsAfterReturn', 'looksAround', 'changesProcess', 'countsLookUps', 'goesOn'],
  ...['exits', 'aborts', 'takesMemory', 'loops', 'rejectsAside', 'throwsAside', 'floods', 'floodsLog'],
  ...['writesNoise', 'writesHugeLength', 'answersItself', 'answersAnything', 'answersTooEarly', 'answersWithNoise', 'asksForTheUnknown', 'reachesOut'],
];
