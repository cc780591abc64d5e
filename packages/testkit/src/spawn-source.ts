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

/** Starts a TypeScript module of the workspace in a process of its own, from its sources: for tests that end it the hard way. */
export function spawnSource(file: string, args: readonly string[], options: SpawnOptions = {}): ChildProcess {
  return spawn(process.execPath, [...ARGUMENTS, file, ...args], { stdio: ['ignore', 'pipe', 'inherit'], ...options });
}
