import { join, resolve, sep } from 'node:path';
import { pathToFileURL } from 'node:url';

import { type JsonObject, isJsonObject, LIMITS, type PluginCommand, type PluginContext } from '@kb-labs/contracts';
import { AppError } from '@kb-labs/errors';
import type { StepCall, StepOutcome } from '@kb-labs/ports';

import { createContext } from '../context/create-context.js';
import { grantOf } from '../context/grant.js';
import type { StepServices } from '../context/step-services.js';
import { jsonSize } from '../json-size.js';
import { cloneJson, copyJson } from '../json-value.js';
import { outputsTooLarge } from '../outputs-too-large.js';
import type { HostEnv } from '../process-tree/base-env.js';
import { StepFailure } from '../step-failure.js';
import type { Targets } from '../targets/open-targets.js';
import { type HandlerAnswer, kindOfValue } from '../targets/protocol/messages.js';
import { runAway } from '../targets/run-away.js';
import { toFailed } from '../to-failed.js';
import { findProblem } from './check-values.js';
import { isLoadedOtherwise } from './loaded-here.js';
import type { LoadedPlugin } from './read-plugin.js';

/** A command, and the plugin that it was found in. */
export interface FoundCommand {
  readonly plugin: LoadedPlugin;
  readonly command: PluginCommand;
}

/** What is the same for all commands of a host. */
export interface CommandHost {
  readonly hostEnv: HostEnv;
  /** What a handler gets to end after an abort. */
  readonly killGraceMs: number;
  readonly services?: StepServices;
  /** Where calls go that are not placed in this process. */
  readonly targets: Targets;
}

/** What its programs get at most between TERM and KILL. */
const PROGRAM_GRACE_MS = 1_000;

type Handler = (input: JsonObject, ctx: PluginContext) => unknown;

/** A plugin command where it was placed: input checked, handler called, outputs checked. */
export async function runCommand(call: StepCall, found: FoundCommand, host: CommandHost): Promise<StepOutcome> {
  if (call.signal.aborted) return { status: 'aborted', outputs: {} };
  try {
    const { plugin, command } = found;
    const ready: Ready = { input: checkInput(command, call.input), handler: findHandler(plugin, command) };
    const { isolation, target } = call.placement;
    // It may have been placed before it was what it is now.
    if (isolation === 'in-process' && !plugin.trusted) throw new AppError('TARGET_TOO_WEAK', { level: isolation, minimum: 'worker-pool' });
    if (isolation === 'in-process') return await runHere(call, found, host, ready);
    if (isolation === 'subprocess' && !plugin.trusted && target === undefined) {
      await call.log({ stream: 'engine', level: 'warn', text: `${plugin.installed.id} is not trusted, and no sandbox can be had here: it runs as a process of its own, which can read what this user can` });
    }
    return await runThere(call, found, host, ready);
  } catch (error) {
    // What was thrown because the step was ended says no more than that.
    return call.signal.aborted ? { status: 'aborted', outputs: {} } : toFailed(error, call.redactor);
  }
}

interface Ready {
  readonly input: JsonObject;
  readonly handler: HandlerPlace;
}

/**
 * Code in the same process cannot be stopped from outside: one that goes on after an abort is left behind with a context that
 * does nothing any more, and one that ends the process or throws outside of its promise takes the worker with it.
 */
async function runHere(call: StepCall, found: FoundCommand, { hostEnv, killGraceMs, services }: CommandHost, { input, handler: place }: Ready): Promise<StepOutcome> {
  const { plugin, command } = found;
  const handler = importedHandler(plugin, command, place) ?? (await importHandler(plugin, command, place));
  const context = createContext(call, { grant: grantOf(command.permissions, call.permissions), hostEnv, killGraceMs: Math.min(killGraceMs, PROGRAM_GRACE_MS), ...(services === undefined ? {} : { services }) });
  const outcome = await orLate(settle(call, found, () => handler(input, context.ctx)), call.signal, killGraceMs);
  if (outcome === 'late') await call.log({ stream: 'engine', level: 'warn', text: `${command.id} did not end ${String(killGraceMs)} ms after it was told to: it is left behind` });
  const closing = context.close();
  const survivors = closing instanceof Promise ? await closing : closing;
  if (survivors.length > 0) await call.log({ stream: 'engine', level: 'error', text: `these processes of the step could not be ended: ${survivors.join(', ')}` });
  return outcome === 'late' || call.signal.aborted ? { status: 'aborted', outputs: {} } : outcome;
}

/** Another process can be ended, and is: nothing is left behind. */
async function runThere(call: StepCall, { plugin, command }: FoundCommand, { killGraceMs, services, targets }: CommandHost, { input, handler }: Ready): Promise<StepOutcome> {
  const programGraceMs = Math.min(killGraceMs, PROGRAM_GRACE_MS);
  const end = await runAway(call, { plugin, command, input, ...handler, targets, killGraceMs, programGraceMs, ...(services === undefined ? {} : { services }) });
  if (end.kind === 'late') await call.log({ stream: 'engine', level: 'warn', text: `${command.id} did not end ${String(killGraceMs)} ms after it was told to: its process was ended` });
  if (end.kind === 'late' || call.signal.aborted) return { status: 'aborted', outputs: {} };
  return { status: 'success', outputs: checkOutputs(plugin, command, returnedBy(end.value, plugin, command)) };
}

/** What the process of a handler answers, as if the handler had been called here. It may answer anything. */
function returnedBy(answered: unknown, { installed }: LoadedPlugin, command: PluginCommand): unknown {
  const answer = answered as HandlerAnswer | null;
  switch (answer?.kind) {
    case 'returned':
      return answer.outputs;
    case 'not-loaded':
      throw notLoaded(installed.id, command, String(answer.problem));
    case 'no-function':
      throw noFunction(installed.id, command);
    case 'no-object':
      throw new AppError('OUTPUT_INVALID', { problem: `a handler returns an object, not ${String(answer.what)}` });
    case 'refused':
      throw new AppError('OUTPUT_INVALID', { problem: String(answer.problem) });
    case 'too-large':
      throw outputsTooLarge(Number(answer.bytes), 'counted');
    default:
      throw new AppError('HANDLER_DIED', { problem: 'it does not keep to the protocol: an answer of an unknown kind' });
  }
}

function checkInput(command: PluginCommand, given: JsonObject): JsonObject {
  // A copy: defaults are filled in, and what the handler does to it is its own affair.
  const input = cloneJson(given);
  const problem = tryFindProblem(command.input, input, `the input schema of ${command.id}`);
  if (problem !== undefined) throw new StepFailure('INPUT_INVALID', `the input of ${command.id} does not fit: ${problem}`, { kbRetry: 'never' });
  return input;
}

/** A module, absolute, and the name of what it exports. */
interface HandlerPlace {
  readonly file: string;
  readonly name: string;
}

/** For as long as their manifests are in use. */
const places = new WeakMap<PluginCommand, { readonly plugin: LoadedPlugin; readonly place: HandlerPlace }>();

function findHandler(plugin: LoadedPlugin, command: PluginCommand): HandlerPlace {
  const known = places.get(command);
  if (known?.plugin === plugin) return known.place;
  const place = placeOf(plugin, command);
  places.set(command, { plugin, place });
  return place;
}

function placeOf({ root, folder, installed }: LoadedPlugin, command: PluginCommand): HandlerPlace {
  const [path = '', name = ''] = command.handler.split('#');
  const file = resolve(folder, path);
  if (file.startsWith(join(root, sep))) return { file, name };
  throw new AppError('PLUGIN_INVALID', { plugin: installed.id, problem: `the handler of ${command.id} is outside of the package` });
}

type HandlerModule = Readonly<Record<string, unknown>>;

/** For as long as their manifests are in use. Node keeps modules for good, and takes its time to find one again. */
const imported = new WeakMap<PluginCommand, { readonly file: string; readonly module: HandlerModule }>();

/** `undefined` before its module was imported. */
function importedHandler(plugin: LoadedPlugin, command: PluginCommand, { file, name }: HandlerPlace): Handler | undefined {
  const { id } = plugin.installed;
  if (isLoadedOtherwise(plugin)) throw new AppError('PLUGIN_INVALID', { plugin: id, problem: 'this process has loaded it as it was before it changed: start the process again' });
  const kept = imported.get(command);
  return kept?.file === file ? handlerOf(kept.module, name, { id, command }) : undefined;
}

async function importHandler(plugin: LoadedPlugin, command: PluginCommand, { file, name }: HandlerPlace): Promise<Handler> {
  const { id } = plugin.installed;
  let module: HandlerModule;
  try {
    module = (await import(pathToFileURL(file).href)) as HandlerModule;
  } catch (error) {
    throw notLoaded(id, command, error instanceof Error ? error.message : String(error));
  }
  imported.set(command, { file, module });
  return handlerOf(module, name, { id, command });
}

function handlerOf(module: HandlerModule, name: string, { id, command }: { readonly id: string; readonly command: PluginCommand }): Handler {
  const handler = module[name];
  if (typeof handler !== 'function') throw noFunction(id, command);
  return handler as Handler;
}

function notLoaded(plugin: string, command: PluginCommand, problem: string): AppError {
  return new AppError('PLUGIN_INVALID', { plugin, problem: `the handler of ${command.id} cannot be loaded: ${problem}` });
}

function noFunction(plugin: string, command: PluginCommand): AppError {
  return new AppError('PLUGIN_INVALID', { plugin, problem: `${command.handler} of ${command.id} is not a function` });
}

function checkOutputs(plugin: LoadedPlugin, command: PluginCommand, returned: unknown): JsonObject {
  const outputs = copyOutputs(returned);
  const misfit = tryFindProblem(command.output, outputs, `the output schema of ${command.id} in ${plugin.installed.id}`);
  if (misfit !== undefined) throw new AppError('OUTPUT_INVALID', { problem: misfit });
  // Once more: the schema may have filled in defaults.
  const { bytes } = jsonSize(outputs);
  if (bytes > LIMITS.rawOutputBytes) throw outputsTooLarge(bytes, 'all');
  return outputs;
}

/** A copy: the handler may hold on to its object and change it later. */
function copyOutputs(returned: unknown): JsonObject {
  if (!isJsonObject(returned)) throw new AppError('OUTPUT_INVALID', { problem: `a handler returns an object, not ${kindOfValue(returned)}` });
  const copy = copyJson(returned, LIMITS.rawOutputBytes);
  if (copy.kind === 'too-large') throw outputsTooLarge(copy.bytes, 'counted');
  if (copy.kind === 'refused') throw new AppError('OUTPUT_INVALID', { problem: copy.problem });
  return copy.value as JsonObject;
}

function tryFindProblem(schema: JsonObject, value: JsonObject, place: string): string | undefined {
  try {
    return findProblem(schema, value);
  } catch (error) {
    throw new AppError('PLUGIN_INVALID', { plugin: place, problem: error instanceof Error ? error.message : String(error) });
  }
}

async function settle({ redactor }: StepCall, { plugin, command }: FoundCommand, run: () => unknown): Promise<StepOutcome> {
  try {
    return { status: 'success', outputs: checkOutputs(plugin, command, await run()) };
  } catch (error) {
    return toFailed(error, redactor);
  }
}

/** `late`: it has not come so long after an abort. */
function orLate(outcome: Promise<StepOutcome>, signal: AbortSignal, graceMs: number): Promise<StepOutcome | 'late'> {
  return new Promise((resolve) => {
    void outcome.then(resolve);
    const begin = (): void => void setTimeout(() => resolve('late'), graceMs).unref();
    if (signal.aborted) begin();
    else signal.addEventListener('abort', begin, { once: true });
  });
}
