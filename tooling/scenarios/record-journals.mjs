import { fileURLToPath } from 'node:url';

/**
 * By a URL, because it is a source that Node runs as it is.
 *
 * @type {{ spawnSource: typeof import('../../packages/testkit/src/spawn-source.js').spawnSource }}
 */
const { spawnSource } = await import(new URL('../../packages/testkit/src/spawn-source.ts', import.meta.url).href);

const program = fileURLToPath(new URL('./record-journals.ts', import.meta.url));
const folder = fileURLToPath(new URL('../fixtures/journals/', import.meta.url));
const child = spawnSource(program, [folder, ...process.argv.slice(2)], { stdio: 'inherit' });
child.once('close', (code) => (process.exitCode = code ?? 1));
