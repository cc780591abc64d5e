/** What to start, without a shell and in a session of its own, with the named pipes that take its output. */
export interface StartMessage {
  readonly id: number;
  readonly program: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  /** For stdout and stderr, whose readers are there already. None: nobody wants what it writes. */
  readonly outputs: readonly string[];
}

/** What has become of it: it has started, or not, or ended. */
export type SpawnerMessage =
  | { readonly id: number; readonly kind: 'started'; readonly pid: number }
  | { readonly id: number; readonly kind: 'refused'; readonly code: string | undefined; readonly message: string }
  | { readonly id: number; readonly kind: 'ended'; readonly code: number | null; readonly signal: NodeJS.Signals | null };

/**
 * The program of the process that starts others. It is sent there as text: nothing around it is known there. It ends with
 * the process it works for and at no signal that can be ignored: how its programs end would not be known.
 */
export function spawnerProgram(): void {
  process.title = 'kb spawner';
  const { spawn } = process.getBuiltinModule('node:child_process');
  const { closeSync, constants, openSync } = process.getBuiltinModule('node:fs');
  // When nobody hears it any more, the end of this process comes next.
  const tell = (message: SpawnerMessage): void => void process.send?.(message, undefined, undefined, () => undefined);
  const start = ({ id, program, args, cwd, env, outputs }: StartMessage): void => {
    const refuse = (thrown: unknown): void => {
      const code = thrown instanceof Error && 'code' in thrown ? String(thrown.code) : undefined;
      tell({ id, kind: 'refused', code, message: thrown instanceof Error ? thrown.message : String(thrown) });
    };
    const writers: number[] = [];
    try {
      // Not waiting for a reader that has gone in between. What the program gets does wait: Node sees to that.
      for (const path of outputs) writers.push(openSync(path, constants.O_WRONLY | constants.O_NONBLOCK));
      const child = spawn(program, args, { cwd, env, detached: true, stdio: ['ignore', writers[0] ?? 'ignore', writers[1] ?? 'ignore'] });
      if (child.pid === undefined) {
        child.once('error', refuse);
        return;
      }
      tell({ id, kind: 'started', pid: child.pid });
      child.once('exit', (code, signal) => tell({ id, kind: 'ended', code, signal }));
    } catch (thrown) {
      refuse(thrown);
    } finally {
      for (const writer of writers) closeSync(writer);
    }
  };
  for (const signal of ['SIGHUP', 'SIGINT', 'SIGTERM'] as const) process.on(signal, () => undefined);
  process.on('message', start);
  process.on('disconnect', () => process.exit());
}
