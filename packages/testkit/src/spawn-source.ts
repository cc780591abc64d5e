import { type ChildProcess, spawn, type SpawnOptions } from 'node:child_process';

/** Lets a plain Node run our TypeScript: an import of `./x.js` next to an `x.ts` means the latter. */
const LOADER = `
import { existsSync } from 'node:fs';
import { registerHooks } from 'node:module';
import { fileURLToPath } from 'node:url';
registerHooks({
  resolve(specifier, context, next) {
    if (specifier.startsWith('.') && specifier.endsWith('.js') && context.parentURL !== undefined) {
      const source = new URL(specifier.replace(/js$/, 'ts'), context.parentURL);
      if (existsSync(fileURLToPath(source))) return next(source.href, context);
    }
    return next(specifier, context);
  },
});`;

const ARGUMENTS = [
  '--conditions=@kb-labs/source',
  '--disable-warning=ExperimentalWarning',
  `--import=data:text/javascript,${encodeURIComponent(LOADER)}`,
];

/**
 * Starts a TypeScript module of the workspace in a process of its own, from its sources: for tests that end it the hard way.
 * `through` is a program that becomes what it is given, with its own arguments: `ip netns exec …`.
 */
export function spawnSource(file: string, args: readonly string[], { through = [], ...options }: SpawnOptions & { through?: readonly string[] } = {}): ChildProcess {
  const [program = process.execPath, ...all] = [...through, process.execPath, ...ARGUMENTS, file, ...args];
  return spawn(program, all, { stdio: ['ignore', 'pipe', 'inherit'], ...options });
}
