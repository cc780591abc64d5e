import { allProcessIds, environmentOf } from '../process-tree/process-list.js';
import { type ProcessEnd, startProcess } from '../process-tree/start-process.js';
import type { ConfinedProgram, InnerProgram } from './confinement.js';

export interface RanProgram {
  readonly end: ProcessEnd;
  readonly out: string;
  readonly err: string;
}

export interface RunOptions {
  /** See `startProcess`. */
  readonly pipeFolder?: string;
  readonly input?: string;
  readonly signal?: AbortSignal;
  readonly onOut?: (text: string) => void;
  /** How long a program that is told to end may take, in milliseconds. Default 300. */
  readonly killGraceMs?: number;
}

/** Runs to the end, as a step would. */
export async function runConfined(confined: ConfinedProgram | InnerProgram, { input, onOut, pipeFolder, signal = new AbortController().signal, killGraceMs = 300 }: RunOptions = {}): Promise<RanProgram> {
  let out = '';
  let err = '';
  const { program, args, cwd, env } = confined;
  const running = startProcess({
    program,
    args,
    cwd,
    env,
    ...(input === undefined ? {} : { input }),
    ...(pipeFolder === undefined ? {} : { pipeFolder }),
    signal,
    killGraceMs,
    ...('terminate' in confined && confined.terminate !== undefined ? { terminate: confined.terminate } : {}),
    onStdout: (chunk) => {
      out += String(chunk);
      onOut?.(out);
    },
    onStderr: (chunk) => void (err += String(chunk)),
  });
  const end = await running.ended;
  if ('end' in confined) await confined.end?.();
  return { end, out, err };
}

/** The processes of this machine, in whatever room, that have this in their environment. */
export function marked(mark: string): number[] {
  return allProcessIds().filter((pid) => environmentOf(pid)?.includes(mark) === true);
}
