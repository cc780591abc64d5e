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
  process.exit(code);
}

const used = new Set<'stdout' | 'stderr'>();

/** A stream of the process, with an ear for its errors: without one a reader that went away would end the program in the middle of its work. */
function stream(name: 'stdout' | 'stderr'): NodeJS.WriteStream {
  if (!used.has(name)) process[name].on('error', ignoreBrokenPipe);
  used.add(name);
  return process[name];
}

function ignoreBrokenPipe(error: Error): void {
  if (!('code' in error) || error.code !== 'EPIPE') throw error;
}

function flushed(stream: NodeJS.WriteStream): Promise<void> {
  if (stream.writableLength === 0) return Promise.resolve();
  return new Promise((resolve) => {
    stream.write('', () => {
      resolve();
    });
  });
}
