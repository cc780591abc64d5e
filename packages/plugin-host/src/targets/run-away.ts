import { type JsonObject, LIMITS, type PluginCommand } from '@kb-labs/contracts';
import type { StepCall } from '@kb-labs/ports';

import type { ConfinedProgram, Room } from '../confine/confinement.js';
import { createContext, knownContext, type KnownContext } from '../context/create-context.js';
import { grantedEnvNames, grantOf } from '../context/grant.js';
import { LateContext } from '../context/late-context.js';
import type { ProgramRoom } from '../context/plugin-exec.js';
import type { StepServices } from '../context/step-services.js';
import type { LoadedPlugin } from '../plugins/read-plugin.js';
import { baseEnv } from '../process-tree/base-env.js';
import type { ProcessEnd } from '../process-tree/start-process.js';
import { type CallEnd, type HandlerCall, HandlerProcess } from './handler-process.js';
import { handlerProgram } from './handler-program.js';
import { endsWithParent, nodeCommand } from './node-command.js';
import { roomOf, type Targets, watchedLimits } from './open-targets.js';
import { printedLines } from './printed-lines.js';
import { readableOf } from './room-of-plugin.js';
import { serveContext } from './serve-context.js';
import { workspaceAccess } from './workspace-access.js';

export interface AwayOptions {
  readonly plugin: LoadedPlugin;
  readonly command: PluginCommand;
  readonly input: JsonObject;
  /** The module of the handler, absolute, and the name of its export. */
  readonly file: string;
  readonly name: string;
  readonly targets: Targets;
  /** What a handler gets to end after an abort, and its programs between TERM and KILL. */
  readonly killGraceMs: number;
  readonly programGraceMs: number;
  readonly services?: StepServices;
}

/** A handler in another process than this one. When it settles, nothing of the call is left there. Fails as the handler does. */
export function runAway(call: StepCall, options: AwayOptions): Promise<CallEnd> {
  const { isolation } = call.placement;
  switch (isolation) {
    case 'in-process':
      throw new Error('a handler of this process was to run in another one');
    case 'worker-pool':
      return runWarm(call, options);
    case 'subprocess':
    case 'sandbox':
    case 'container':
      return runAlone(call, options, isolation);
  }
}

async function runWarm(call: StepCall, options: AwayOptions): Promise<CallEnd> {
  const { plugin, targets } = options;
  const { id, version } = plugin.installed;
  const lease = await targets.pool.take([call.tenant, id, version, plugin.root, plugin.integrity ?? ''].join('\n'), call.signal);
  const { process } = lease;
  const context = lateContext(call, options, undefined);
  const printed = printedLines(call);
  let isReusable = false;
  try {
    const end = await process.call(toCall(call, options, { context, print: printed.take }));
    isReusable = end.kind === 'answered';
    return end;
  } catch (error) {
    // A handler that failed has ended like one that returned; the process may have ended instead.
    isReusable = process.isUsable;
    throw error;
  } finally {
    await closeContext(call, context);
    if (isReusable) {
      await reportLeftovers(call, await process.endOthers());
      isReusable = (await process.caughtUp()) && process.isUsable;
    }
    process.leave();
    await printed.finish();
    if (isReusable) lease.giveBack();
    else await lease.discard();
  }
}

async function runAlone(call: StepCall, options: AwayOptions, isolation: 'subprocess' | 'sandbox' | 'container'): Promise<CallEnd> {
  const { program, room } = await prepare(call, options, isolation);
  const context = lateContext(call, options, room);
  const printed = printedLines(call);
  const process = new HandlerProcess({ program, limits: watchedLimits(call.placement) });
  let end: CallEnd | undefined;
  try {
    end = await process.call(toCall(call, options, { context, print: printed.take }));
    return end;
  } finally {
    await closeContext(call, context);
    await reportEnd(call, await (end?.kind === 'answered' ? process.dismiss() : process.end()));
    await printed.finish();
  }
}

interface Prepared {
  readonly program: ConfinedProgram | (ReturnType<typeof endsWithParent> & { readonly terminate?: never; readonly end?: never });
  readonly room?: ProgramRoom;
}

async function prepare(call: StepCall, options: AwayOptions, isolation: 'subprocess' | 'sandbox' | 'container'): Promise<Prepared> {
  const { command, plugin, targets } = options;
  const base = baseEnv(targets.hostEnv);
  const env = { ...base, ...known(call, options).env, KB_IDEMPOTENCY_KEY: call.idempotencyKey };
  const { target } = call.placement;
  const memory = target?.memoryBytes === undefined ? {} : { memoryBytes: target.memoryBytes };
  if (isolation === 'subprocess') return { program: endsWithParent(nodeCommand({ node: process.execPath, cwd: call.workspace, env, ...memory })) };
  const access = workspaceAccess(command.permissions, call.permissions);
  const isContainer = isolation === 'container';
  // A container is one room for the handler and its programs.
  const workspace = isContainer ? access.programs : access.handler;
  const cwd = workspace === 'none' ? '/tmp' : call.workspace;
  const room: Room = {
    ...roomOf(call, target),
    workspaceAccess: workspace,
    readable: [...readableOf(plugin), ...handlerProgram().readable, ...(isContainer ? [] : [process.execPath])],
    writable: [],
    network: false,
  };
  const confined = await targets.confine(isolation, nodeCommand({ node: isContainer ? 'node' : process.execPath, cwd, env, ...memory }), room);
  const inside: ProgramRoom['inside'] = isContainer ? confined.inside : (inner) => targets.confine(isolation, inner, { ...room, workspaceAccess: access.programs });
  return { program: confined, room: { inside, env: base } };
}

/** A handler that looks at its environment itself finds there what it is given by `ctx.env`, and the base. */
function known(call: StepCall, { command, targets }: AwayOptions): KnownContext {
  return knownContext(call, { envNames: grantedEnvNames(command.permissions, call.permissions) }, targets.hostEnv);
}

function lateContext(call: StepCall, { command, programGraceMs, services, targets }: AwayOptions, room: ProgramRoom | undefined): LateContext {
  return new LateContext(() =>
    createContext(call, {
      grant: grantOf(command.permissions, call.permissions),
      hostEnv: targets.hostEnv,
      killGraceMs: programGraceMs,
      ...(services === undefined ? {} : { services }),
      ...(room === undefined ? {} : { room }),
    }),
  );
}

interface Served {
  readonly context: LateContext;
  readonly print: HandlerCall['print'];
}

function toCall(call: StepCall, options: AwayOptions, { context, print }: Served): HandlerCall {
  const { file, name, input, killGraceMs } = options;
  return {
    start: {
      file,
      name,
      input,
      context: known(call, options),
      bounds: { bytes: LIMITS.rawOutputBytes, depth: LIMITS.valueDepth, values: LIMITS.outputValues },
    },
    serve: (channel, sent) => serveContext({ context: context.open(), channel, sent }),
    print,
    signal: call.signal,
    killGraceMs,
  };
}

async function closeContext(call: StepCall, context: LateContext): Promise<void> {
  await reportSurvivors(call, await context.close());
}

async function reportEnd(call: StepCall, end: ProcessEnd | undefined): Promise<void> {
  if (end?.kind !== 'exited') return;
  // What is left in a room ends with it, and may still be seen ending.
  if (call.placement.isolation === 'subprocess') await reportLeftovers(call, end.leftovers);
  await reportSurvivors(call, end.survivors);
}

async function reportLeftovers({ log }: StepCall, count: number): Promise<void> {
  if (count > 0) await log({ stream: 'engine', level: 'info', text: `ended what the handler had left running (processes: ${String(count)})` });
}

async function reportSurvivors({ log }: StepCall, pids: readonly number[]): Promise<void> {
  if (pids.length > 0) await log({ stream: 'engine', level: 'error', text: `these processes of the step could not be ended: ${pids.join(', ')}` });
}
