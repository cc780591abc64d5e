import { runCli } from './run-cli.js';

/** The program: exits with the code of the command. */
export async function main(argv: readonly string[]): Promise<void> {
  const code = await runCli(argv, {
    get stdin() {
      return process.stdin;
    },
    get stdout() {
      return stream('stdout');
    },
    get stderr() {
      return stream('stderr');
    },
    env: process.env,
    cwd: process.cwd(),
  });
  // Timers and sockets that are left must not hold the terminal; what was written must arrive.
  await Promise.all([...used].map((name) => flushed(process[name])));
  process.exit(unwritten && code === 0 ? 1 : code);
}

const used = new Set<'stdout' | 'stderr'>();

/** A stream of the process, with an ear for its errors: without one a reader that went away would end the program in the middle of its work. */
function stream(name: 'stdout' | 'stderr'): NodeJS.WriteStream {
  if (!used.has(name)) process[name].on('error', (error) => hearError(name, error));
  used.add(name);
  return process[name];
}

let unwritten = false;

/** The answer cannot be given, on a full disk for instance; the run goes on, and the exit code tells. */
function hearError(name: 'stdout' | 'stderr', error: Error): void {
  if (unwritten || ('code' in error && error.code === 'EPIPE')) return;
  unwritten = true;
  if (name === 'stdout') stream('stderr').write(`error: standard output cannot be written: ${error.message}\n`);
}

function flushed(stream: NodeJS.WriteStream): Promise<void> {
  if (stream.writableLength === 0) return Promise.resolve();
  return new Promise((resolve) => {
    stream.write('', () => {
      resolve();
    });
  });
}
