import { join, resolve, sep } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';

import { type JsonObject, isJsonObject, LIMITS, type PluginCommand, type PluginContext } from '@kb-labs/contracts';
import { AppError } from '@kb-labs/errors';
import type { StepCall, StepOutcome } from '@kb-labs/ports';

import { createContext } from '../context/create-context.js';
import { toGrant } from '../context/grant.js';
import { jsonSize } from '../json-size.js';
import { copyJson } from '../json-value.js';
import { outputsTooLarge } from '../outputs-too-large.js';
import type { HostEnv } from '../process-tree/base-env.js';
import { StepFailure } from '../step-failure.js';
import { toFailed } from '../to-failed.js';
import { findProblem } from './check-values.js';
import type { LoadedPlugin } from './read-plugin.js';

export interface CommandOptions {
  readonly plugin: LoadedPlugin;
  readonly command: PluginCommand;
  readonly hostEnv: HostEnv;
  /** What a handler gets to end after an abort. */
  readonly killGraceMs: number;
}

/** What its programs get at most between TERM and KILL. */
const PROGRAM_GRACE_MS = 1_000;

type Handler = (input: JsonObject, ctx: PluginContext) => unknown;

/**
 * A plugin command in this process: input checked, handler called, outputs checked. Code in the same process cannot be
 * stopped from outside: one that goes on after an abort is left behind with a context that does nothing any more, and
 * one that ends the process or throws outside of its promise takes the worker with it.
 */
export async function runCommand(call: StepCall, options: CommandOptions): Promise<StepOutcome> {
  const { plugin, command, hostEnv, killGraceMs } = options;
  if (call.signal.aborted) return { status: 'aborted', outputs: {} };
  try {
    const input = checkInput(command, call.input);
    const handler = await importHandler(plugin, command);
    const context = createContext(call, { grant: toGrant(command.permissions, call.permissions), hostEnv, killGraceMs: Math.min(killGraceMs, PROGRAM_GRACE_MS) });
    const settled = settle(async () => checkOutputs(plugin, command, await handler(input, context.ctx)), call);
    const outcome = await Promise.race([settled, graceAfterAbort(call.signal, killGraceMs)]);
    if (outcome === 'late') await call.log({ stream: 'engine', level: 'warn', text: `${command.id} did not end ${String(killGraceMs)} ms after it was told to: it is left behind` });
    const survivors = await context.close();
    if (survivors.length > 0) await call.log({ stream: 'engine', level: 'error', text: `these processes of the step could not be ended: ${survivors.join(', ')}` });
    return outcome === 'late' || call.signal.aborted ? { status: 'aborted', outputs: {} } : outcome;
  } catch (error) {
    return toFailed(error, call.redactor);
  }
}

function checkInput(command: PluginCommand, given: JsonObject): JsonObject {
  // A copy: defaults are filled in, and what the handler does to it is its own affair.
  const input = structuredClone(given);
  const problem = tryFindProblem(command.input, input, `the input schema of ${command.id}`);
  if (problem !== undefined) throw new StepFailure('INPUT_INVALID', `the input of ${command.id} does not fit: ${problem}`, { kbRetry: 'never' });
  return input;
}

async function importHandler({ root, folder, installed }: LoadedPlugin, command: PluginCommand): Promise<Handler> {
  const [path = '', name = ''] = command.handler.split('#');
  const file = resolve(folder, path);
  const invalid = (problem: string): AppError => new AppError('PLUGIN_INVALID', { plugin: installed.id, problem });
  if (!file.startsWith(join(root, sep))) throw invalid(`the handler of ${command.id} is outside of the package`);
  let module: Record<string, unknown>;
  try {
    module = (await import(pathToFileURL(file).href)) as Record<string, unknown>;
  } catch (error) {
    throw invalid(`the handler of ${command.id} cannot be loaded: ${error instanceof Error ? error.message : String(error)}`);
  }
  const handler = module[name];
  if (typeof handler !== 'function') throw invalid(`${command.handler} of ${command.id} is not a function`);
  return handler as Handler;
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
  if (!isJsonObject(returned)) throw new AppError('OUTPUT_INVALID', { problem: `a handler returns an object, not ${kindOf(returned)}` });
  const copy = copyJson(returned, LIMITS.rawOutputBytes);
  if (copy.kind === 'too-large') throw outputsTooLarge(copy.bytes, 'counted');
  if (copy.kind === 'refused') throw new AppError('OUTPUT_INVALID', { problem: copy.problem });
  return copy.value as JsonObject;
}

function kindOf(value: unknown): string {
  if (Array.isArray(value)) return 'an array';
  return value === null ? 'null' : typeof value;
}

function tryFindProblem(schema: JsonObject, value: JsonObject, place: string): string | undefined {
  try {
    return findProblem(schema, value);
  } catch (error) {
    throw new AppError('PLUGIN_INVALID', { plugin: place, problem: error instanceof Error ? error.message : String(error) });
  }
}

async function settle(run: () => Promise<JsonObject>, { redactor }: StepCall): Promise<StepOutcome> {
  try {
    return { status: 'success', outputs: await run() };
  } catch (error) {
    return toFailed(error, redactor);
  }
}

async function graceAfterAbort(signal: AbortSignal, graceMs: number): Promise<'late'> {
  await new Promise<void>((done) => {
    if (signal.aborted) done();
    else signal.addEventListener('abort', () => done(), { once: true });
  });
  await delay(graceMs, undefined, { ref: false });
  return 'late';
}
