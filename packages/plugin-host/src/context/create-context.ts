import { artifactTypeOf, formatUses, LIMITS, type LlmRequest, type LogLevel, type PluginArtifact, type PluginContext } from '@kb-labs/contracts';
import { AppError } from '@kb-labs/errors';
import type { StepCall } from '@kb-labs/ports';

import { isArtifactName } from '../artifact-name.js';
import { cutText } from '../cut-text.js';
import { late } from '../late.js';
import { baseEnv, type HostEnv } from '../process-tree/base-env.js';
import { tryNumber } from '../try-number.js';
import type { Grant } from './grant.js';
import { Lifetime, stepIsOver } from './lifetime.js';
import { pluginConnect } from './plugin-connect.js';
import { pluginPrograms, type ProgramRoom, type Programs } from './plugin-exec.js';
import { pluginFetch } from './plugin-fetch.js';
import { pluginFiles } from './plugin-files.js';
import { pluginLlm } from './plugin-llm.js';
import { pluginStorage } from './plugin-storage.js';
import { Quota } from './quota.js';
import { readConsumed } from './read-consumed.js';
import type { StepServices } from './step-services.js';

export interface ContextOptions {
  readonly grant: Grant;
  readonly hostEnv: HostEnv;
  readonly killGraceMs: number;
  readonly services?: StepServices;
  /** Of a confined handler: its programs run in the same room. */
  readonly room?: ProgramRoom;
}

/** A context, and the end of it: after `close` it does nothing any more, whoever still holds it. */
export interface StepContext {
  readonly ctx: PluginContext;
  /** While many lines wait to be taken: resolves when they are. */
  readonly linesTaken: () => Promise<void> | undefined;
  /** Ends the programs that still run and waits until every line is taken: not at all, where there are none. Answers the ids of processes that did not end. */
  readonly close: () => readonly number[] | Promise<readonly number[]>;
}

/** What of a context is known before anybody uses it. */
export interface KnownContext extends Pick<PluginContext, 'idempotencyKey' | 'workspace' | 'run'> {
  readonly env: Readonly<Record<string, string>>;
  readonly consumed: PluginContext['artifacts']['consumed'];
}

export function knownContext(call: StepCall, grant: Pick<Grant, 'envNames'>, hostEnv: HostEnv): KnownContext {
  return {
    idempotencyKey: call.idempotencyKey,
    workspace: call.workspace,
    env: stepEnv(call, grant, hostEnv),
    consumed: Object.freeze(call.consumed.map(({ handle }) => Object.freeze({ ...handle }))),
    run: { id: call.runId, workflowId: call.workflowId, job: call.job, step: call.step, attempt: tryNumber(call) },
  };
}

export function createContext(call: StepCall, { grant, hostEnv, killGraceMs, services = {}, room }: ContextOptions): StepContext {
  const life = new Lifetime(call.signal);
  const { consumed, ...known } = knownContext(call, grant, hostEnv);
  const log = stepLog(call, life);
  const quota = new Quota(grant.quotas);
  const { redactor } = call;
  let programs: Programs | undefined;
  const openPrograms = (): Programs =>
    (programs ??= pluginPrograms({ workspace: call.workspace, grant, env: { ...(room?.env ?? baseEnv(hostEnv)), ...known.env }, signal: life.signal, killGraceMs, ...(room === undefined ? {} : { room }) }));
  // Most handlers use few of these, and the same ones several times.
  const fs = late(() => openFiles(life, pluginFiles(call.workspace, grant)));
  const llm = late(() => openLlm(life, () => pluginLlm({ llm: services.llm, choice: call.llm, grant, quota, redactor, signal: life.signal })));
  const storage = late(() => openStorage(life, pluginStorage({ storage: services.storage, tenant: call.tenant, plugin: pluginOf(call), grant, quota, redactor })));
  const ctx: PluginContext = {
    ...known,
    signal: call.signal,
    log: log.levels,
    progress: (fraction, note) => {
      if (!life.isOver && Number.isFinite(fraction)) call.progress(Math.min(1, Math.max(0, fraction)), note);
    },
    artifacts: {
      save: whileOpen(life, (artifact: PluginArtifact) => saveArtifact(call, artifact)),
      consumed,
      read: whileOpen(life, (name: string) => readConsumed(call.consumed, name, life.signal)),
    },
    get fs() {
      return fs();
    },
    fetch: harmless(counted(quota, 'requests', (...args: Parameters<PluginContext['fetch']>) => pluginFetch({ grant, signal: life.signal })(...args))),
    connect: harmless(counted(quota, 'requests', (...args: Parameters<PluginContext['connect']>) => pluginConnect({ grant, signal: life.signal })(...args))),
    exec: harmless(counted(quota, 'programs', (...args: Parameters<PluginContext['exec']>) => openPrograms().exec(...args))),
    get llm() {
      return llm();
    },
    get storage() {
      return storage();
    },
    secrets: { get: harmless(async (name: string) => secretOf(call, grant, name)) },
  };
  const close = (): readonly number[] | Promise<readonly number[]> => {
    life.end();
    return programs === undefined && log.isSettled() ? [] : untilClosed(programs, log);
  };
  return { ctx, linesTaken: log.taken, close };
}

async function untilClosed(programs: Programs | undefined, log: ReturnType<typeof stepLog>): Promise<readonly number[]> {
  const survivors = programs === undefined ? [] : await programs.ended();
  await log.settled();
  return survivors;
}

/** The document's `env:` is given to the step by its author; of the engine's own environment only what is granted. */
function stepEnv(call: StepCall, grant: Pick<Grant, 'envNames'>, hostEnv: HostEnv): Readonly<Record<string, string>> {
  const env: Record<string, string> = {};
  for (const name of grant.envNames) {
    const value = hostEnv[name];
    if (value !== undefined) env[name] = value;
  }
  return Object.freeze({ ...env, ...call.env });
}

/** Lines that can wait at once before who writes them has to. */
const MANY_LINES = 1_000;

function stepLog(call: StepCall, life: Lifetime) {
  const waiting = new Set<Promise<void>>();
  let failure: { readonly error: unknown } | undefined;
  const write = (level: LogLevel) => (text: string) => {
    for (const line of life.isOver ? [] : (call.redactor?.text(text) ?? text).split(/\r?\n/)) {
      const stored = call.log({ stream: 'log', level, text: cutText(line, LIMITS.logLineBytes, ' … [cut]') });
      if (stored === undefined) continue;
      const settled = stored.catch((error: unknown) => void (failure ??= { error })).finally(() => waiting.delete(settled));
      waiting.add(settled);
    }
  };
  const settled = async (): Promise<void> => {
    await Promise.all(waiting);
    if (failure !== undefined) throw failure.error;
  };
  return {
    levels: { debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') },
    taken: () => (waiting.size < MANY_LINES ? undefined : Promise.all(waiting).then(() => undefined)),
    isSettled: () => waiting.size === 0 && failure === undefined,
    /** Fails as the first line did that could not be taken. */
    settled,
  };
}

function secretOf({ secrets }: StepCall, grant: Grant, name: string): string {
  grant.requireSecret(name, secrets?.listed ?? []);
  const value = secrets !== undefined && Object.hasOwn(secrets.values, name) ? secrets.values[name] : undefined;
  if (value === undefined) throw new AppError('SECRET_MISSING', { name, where: 'nothing was kept under that name when the command began' });
  return value;
}

function saveArtifact(call: StepCall, { name, type, label, content }: PluginArtifact) {
  if (!isArtifactName(name)) {
    throw new AppError('ARTIFACT_INVALID', { name: name.slice(0, 256), problem: 'a name is letters, digits, ".", "_", "-" and "/"' });
  }
  const bytes = typeof content === 'string' ? new TextEncoder().encode(content) : content;
  return call.saveArtifact({ name, type: type ?? artifactTypeOf(name), ...(label === undefined ? {} : { label }), content: bytes });
}

function openFiles(life: Lifetime, files: PluginContext['fs']): PluginContext['fs'] {
  return {
    readText: whileOpen(life, files.readText),
    readBytes: whileOpen(life, files.readBytes),
    write: whileOpen(life, files.write),
    list: whileOpen(life, files.list),
    exists: whileOpen(life, files.exists),
    stat: whileOpen(life, files.stat),
    remove: whileOpen(life, files.remove),
  };
}

function openLlm(life: Lifetime, open: () => PluginContext['llm']): PluginContext['llm'] {
  return {
    configured: whileOpen(life, () => open().configured()),
    complete: whileOpen(life, (request: LlmRequest) => open().complete(request)),
    embed: whileOpen(life, (texts: readonly string[]) => open().embed(texts)),
  };
}

function openStorage(life: Lifetime, { get, set, remove, keys }: PluginContext['storage']): PluginContext['storage'] {
  return { get: whileOpen(life, get), set: whileOpen(life, set), remove: whileOpen(life, remove), keys: whileOpen(life, keys) };
}

function pluginOf({ uses }: StepCall): string {
  return uses.kind === 'plugin' ? uses.package : formatUses(uses);
}

/** Counted before it happens, also when it then fails. */
function counted<Args extends unknown[], Result>(quota: Quota, name: 'requests' | 'programs', act: (...args: Args) => Promise<Result>): (...args: Args) => Promise<Result> {
  return async (...args) => {
    quota.take(name);
    return act(...args);
  };
}

/** A handler that goes on after its step has ended must not write into a workspace that others work in by then. */
function whileOpen<Args extends unknown[], Result>(life: Lifetime, act: (...args: Args) => Promise<Result>): (...args: Args) => Promise<Result> {
  return harmless(async (...args) => {
    if (life.isOver) throw stepIsOver();
    return act(...args);
  });
}

/** A call that a handler forgets to wait for may still fail, at the latest when the step ends: that must not end the worker. */
function harmless<Args extends unknown[], Result>(act: (...args: Args) => Promise<Result>): (...args: Args) => Promise<Result> {
  return (...args) => {
    const result = act(...args);
    result.catch(() => undefined);
    return result;
  };
}
