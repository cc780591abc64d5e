import { fileURLToPath } from 'node:url';

/**
 * By a URL, because it is a source that Node runs as it is.
 *
 * @type {{ spawnSource: typeof import('../../packages/testkit/src/spawn-source.js').spawnSource }}
 */
const { spawnSource } = await import(new URL('../../packages/testkit/src/spawn-source.ts', import.meta.url).href);

/**
 * Runs a TypeScript program of the workspace from its sources in a process of its own, and answers what it printed: one line of JSON.
 *
 * @param {URL} program
 * @param {readonly string[]} args
 * @returns {Promise<any>}
 */
export async function runSource(program, args) {
  const child = spawnSource(fileURLToPath(program), args, { env: { ...process.env, NODE_OPTIONS: '--expose-gc' } });
  let text = '';
  child.stdout?.setEncoding('utf8').on('data', (/** @type {string} */ chunk) => (text += chunk));
  const code = await new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  if (code !== 0) throw new Error(`${program.pathname} ${args.join(' ')} ended with ${String(code)}`);
  return JSON.parse(text);
}
