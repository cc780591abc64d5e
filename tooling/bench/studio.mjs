import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { openBrowser } from '../scenarios/studio/open-browser.mjs';
import { KB, NODE, startDaemon } from './daemon-process.mjs';
import { spread } from './spread.mjs';
import { inTemporaryFolder } from './temporary-folder.mjs';

/** @typedef {import('../scenarios/studio/open-browser.mjs').Page} Page */

/**
 * By a URL, because parts of it run in the page and are checked with what there is in one.
 *
 * @type {{ latencies: (page: Page, start: () => Promise<string>, lines: number) => Promise<number[]>, drawGraph: (page: Page, address: string) => Promise<number> }}
 */
const { drawGraph, latencies } = await import(new URL('../scenarios/studio/measure-page.mjs', import.meta.url).href);

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const LINE_MS = 300;
const DRAW_MS = 1_000;
const LINES = 200;
const JOBS = 250;

/** Prints the instant, in milliseconds since the epoch, once every 40 ms. */
const CLOCK = `const t = setInterval(() => { console.log('printed=' + Date.now()); if (++n === ${String(LINES)}) clearInterval(t); }, 40); let n = 0;`;

/** 250 jobs, each after up to three others, and a matrix of 250 combinations. */
const WIDE = JSON.stringify({
  id: 'wide',
  permissions: { shell: true },
  jobs: {
    ...Object.fromEntries(
      Array.from({ length: JOBS }, (_, index) => [
        `job-${String(index)}`,
        { needs: [1, 7, 31].map((back) => index - back).filter((before) => before >= 0 && index % 25 !== 0).map((before) => `job-${String(before)}`), steps: [{ if: false, run: 'true' }] },
      ]),
    ),
    many: { strategy: { matrix: { n: Array.from({ length: JOBS }, (_, index) => index) } }, steps: [{ if: false, run: 'true' }] },
  },
});

/**
 * What somebody who looks at Studio waits for: from a line that is printed to its being on the screen, and until the graph of a run
 * with 500 jobs is drawn. In Chromium, against a daemon with a real run.
 *
 * @param {{ repeats?: number | undefined }} options
 */
export async function benchStudio({ repeats = 5 }) {
  if (!existsSync(join(ROOT, 'apps/studio/dist/index.html'))) throw new Error('build everything first: npm run build');
  return inTemporaryFolder(async (dir) => {
    const project = join(dir, 'project');
    mkdirSync(join(project, '.kb/workflows'), { recursive: true });
    writeFileSync(join(project, 'clock.mjs'), CLOCK);
    writeFileSync(join(project, '.kb/workflows/clock.yml'), 'id: clock\npermissions: { shell: true }\njobs:\n  tell:\n    steps: [{ id: tell, run: "sleep 2; node clock.mjs" }]\n');
    writeFileSync(join(project, '.kb/workflows/wide.json'), WIDE);
    const daemon = await startDaemon(project);
    const context = await openBrowser(join(dir, 'profile'));
    try {
      const kb = (/** @type {string[]} */ ...args) => json(project, args);
      const { path } = await kb('studio', '--no-open', '--json');
      const page = context.pages()[0] ?? (await context.newPage());
      await page.goto(daemon.url + path);
      const told = await latencies(page, async () => `${daemon.url}/studio/runs/${(await kb('workflow:run', '--workflow-id=clock', '--detach', '--json')).id}`, LINES);
      const { id } = await kb('workflow:run', '--workflow-id=wide', '--json');
      const drawn = [];
      for (let round = 0; round < repeats; round += 1) drawn.push(await drawGraph(page, `${daemon.url}/studio/runs/${id}`));
      const lines = spread(told);
      const late = told.toSorted((a, b) => a - b)[Math.ceil(told.length * 0.95) - 1] ?? Number.NaN;
      const graph = spread(drawn);
      const rows = [
        { name: `a line printed → on the screen, 95 % of ${String(told.length)}`, ms: late, medianMs: lines.medianMs, limit: LINE_MS, within: late <= LINE_MS },
        { name: `the graph of ${String(2 * JOBS + 1)} jobs, from the click to the screen`, ms: Math.max(...drawn), medianMs: graph.medianMs, limit: DRAW_MS, within: Math.max(...drawn) <= DRAW_MS },
      ];
      return { title: 'What Studio lets people wait for', rows, within: rows.every(({ within }) => within), note: `Chromium, headless; ${String(cpus().length)} cores; the graph ${String(repeats)} times, the slowest counts` };
    } finally {
      await context.close();
      await daemon.stop();
    }
  });
}

/** @param {Awaited<ReturnType<typeof benchStudio>>} report */
export function tabulateStudio({ rows }) {
  return {
    header: ['', 'measured', 'median', 'promised'],
    rows: rows.map(({ name, ms, medianMs, limit, within }) => [name, `${ms.toFixed(0)} ms`, `${medianMs.toFixed(0)} ms`, `${within ? 'within' : 'OVER'} ${String(limit)} ms`]),
  };
}

/**
 * @param {string} cwd
 * @param {readonly string[]} args
 * @returns {Promise<any>}
 */
function json(cwd, args) {
  return new Promise((resolve, reject) => {
    const child = spawn(NODE, [KB, ...args], { cwd, stdio: ['ignore', 'pipe', 'inherit'] });
    let text = '';
    child.stdout.setEncoding('utf8').on('data', (chunk) => (text += chunk));
    child.once('close', () => {
      try {
        resolve(JSON.parse(text));
      } catch {
        reject(new Error(`kb ${args.join(' ')} printed no JSON: ${text}`));
      }
    });
  });
}
