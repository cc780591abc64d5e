import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { spread } from './spread.mjs';
import { inTemporaryFolder } from './temporary-folder.mjs';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const KB = join(ROOT, 'apps/cli/bin/kb.js');
const PINNED_NODE = join(ROOT, 'node_modules/node/bin/node');
const REFERENCE = 'node -e 0';
/** What a short run may take, in starts of Node. */
const LIMIT = 2.5;

const ONE_STEP = `id: one
permissions: { shell: true }
jobs:
  only:
    steps:
      - run: "true"
`;

/**
 * How long the command line takes from its start to its exit, next to Node itself. The programs take turns, so that a
 * machine that slows down slows all of them; the document has been checked before, as it is for everybody from the second run on.
 *
 * @param {{ repeats?: number | undefined }} options
 */
export async function benchCli({ repeats = 30 }) {
  if (!existsSync(join(ROOT, 'apps/cli/dist/main.cjs'))) throw new Error('build @kb-labs/cli first');
  const node = existsSync(PINNED_NODE) ? PINNED_NODE : process.execPath;
  return inTemporaryFolder((project) => {
    mkdirSync(join(project, '.kb/workflows'), { recursive: true });
    writeFileSync(join(project, '.kb/workflows/one.yml'), ONE_STEP);
    /** @type {readonly { name: string, args: string[], limit?: number }[]} */
    const programs = [
      { name: REFERENCE, args: ['-e', '0'] },
      { name: 'kb version', args: [KB, 'version'] },
      { name: 'kb workflow:list-runs', args: [KB, 'workflow:list-runs'] },
      { name: 'kb workflow:validate', args: [KB, 'workflow:validate'] },
      { name: 'kb sessions:list', args: [KB, 'sessions:list'] },
      { name: 'kb workflow:run (one step)', args: [KB, 'workflow:run', '--workflow-id=one'], limit: LIMIT },
    ];
    const measured = programs.map((program) => ({ ...program, times: /** @type {number[]} */ ([]) }));
    for (let warm = 0; warm < 3; warm += 1) for (const { args } of measured) timeProgram(node, args, project);
    for (let round = 0; round < repeats; round += 1) for (const { args, times } of measured) times.push(timeProgram(node, args, project));
    const reference = spread(measured[0]?.times ?? []).medianMs;
    const rows = measured.map(({ name, limit, times }) => {
      const row = { name, ...spread(times) };
      const ratio = row.medianMs / reference;
      return { ...row, ratio, ...(limit === undefined ? {} : { limit, within: ratio <= limit }) };
    });
    const { stdout } = spawnSync(node, ['--version'], { encoding: 'utf8' });
    return {
      title: 'Start to exit of the command line',
      reference: REFERENCE,
      repeats,
      rows,
      within: rows.every((row) => row.within !== false),
      note: `${repeats} rounds in turns; Node ${stdout.trim()}; ${cpus().length} cores`,
    };
  });
}

/** @param {Awaited<ReturnType<typeof benchCli>>} report */
export function tabulateCli({ reference, rows }) {
  return {
    header: ['', 'median', '10 % to 90 %', `to ${reference}`, 'promised'],
    rows: rows.map((row) => [
      row.name,
      `${row.medianMs.toFixed(1)} ms`,
      `${row.p10Ms.toFixed(1)} to ${row.p90Ms.toFixed(1)}`,
      row.name === reference ? '' : `${row.ratio.toFixed(2)} ×`,
      row.limit === undefined ? '' : `${row.within ? 'within' : 'OVER'} ${row.limit} ×`,
    ]),
  };
}

/**
 * @param {string} node
 * @param {readonly string[]} args
 * @param {string} cwd
 */
function timeProgram(node, args, cwd) {
  const start = performance.now();
  const { status, stderr } = spawnSync(node, args, { cwd, stdio: ['ignore', 'pipe', 'pipe'], encoding: 'utf8' });
  const took = performance.now() - start;
  if (status !== 0) throw new Error(`${args.join(' ')} ended with ${status}: ${stderr}`);
  return took;
}
