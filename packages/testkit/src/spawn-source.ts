import { type ChildProcess, spawn, type SpawnOptions } from 'node:child_process';

/**
 * Lets a plain Node run our TypeScript: an import of `./x.js` next to an `x.ts` means the latter. Types are taken out once, and
 * what is compiled is kept among the temporary files, by Node, which compares it with the source: half of what a start costs.
 * Who is killed leaves it to others as well, after a second of its life. Of what is left half was finding a thousand modules, by Node's
 * rules for each: packages of the workspace are the same for all who import them.
 */
const LOADER = `
import { existsSync } from 'node:fs';
import { enableCompileCache, flushCompileCache, registerHooks } from 'node:module';
enableCompileCache();
setTimeout(flushCompileCache, 1_000).unref();
const found = new Map();
registerHooks({
  resolve(specifier, context, next) {
    if (specifier.startsWith('.') && specifier.endsWith('.js') && context.parentURL?.endsWith('.ts')) {
      const source = new URL(specifier.replace(/js$/, 'ts'), context.parentURL);
      if (existsSync(source)) return { url: source.href, format: 'module-typescript', shortCircuit: true };
    }
    if (!specifier.startsWith('@kb-labs/')) return next(specifier, context);
    if (!found.has(specifier)) found.set(specifier, { ...next(specifier, context), shortCircuit: true });
    return found.get(specifier);
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
