/**
 * From the text of a document to its jobs, and the same text parsed as YAML and nothing else: `resolve-host.ts <dir> <repeats>`.
 * In this process, in turns. Prints one line of JSON.
 *
 * The document has as many jobs as a run may have: as many as may be written, each with a matrix.
 */
import { createRequire } from 'node:module';

import { LIMITS } from '@kb-labs/contracts';
import { planWorkflow } from '@kb-labs/engine';

import { openEngine } from './open-engine.js';

const WARM_UP_ROUNDS = 5;

/** By a URL: this package leans on those that hosts use. */
const { expandMatrix } = (await import(new URL('../../packages/resolver/src/index.ts', import.meta.url).href)) as Pick<typeof import('../../packages/resolver/src/index.js'), 'expandMatrix'>;

/** The parser that reads documents. */
const { parse } = createRequire(new URL('../../packages/manifest/package.json', import.meta.url))('yaml') as { parse: (text: string) => unknown };

const [dir = '', repeats = '20'] = process.argv.slice(2);

const text = documentOf(LIMITS.jobs, LIMITS.jobsAfterMatrix);
const { deps, store } = await openEngine({
  dir,
  workflows: [text],
  run: () => Promise.reject(new Error('nothing is run')),
  limits: { matrixCombinations: LIMITS.jobsAfterMatrix },
});

let jobs = 0;
const measured: { parseMs: number; resolveMs: number }[] = [];
for (let round = -WARM_UP_ROUNDS; round < Number(repeats); round += 1) {
  const took = { parseMs: await timed(() => Promise.resolve(parse(text))), resolveMs: await timed(resolve) };
  if (round >= 0) measured.push(took);
}
await store.close();
process.stdout.write(`${JSON.stringify({ rounds: measured, bytes: Buffer.byteLength(text), written: LIMITS.jobs, jobs })}\n`);

/** Read, checked and planned, with every combination of every matrix. */
async function resolve(): Promise<void> {
  const plan = await planWorkflow(deps, { workflowId: 'wide', input: {} });
  jobs = plan.jobs.reduce((sum, { strategy }) => {
    const expanded = strategy === undefined ? undefined : expandMatrix(strategy, { contexts: {} }, LIMITS.jobsAfterMatrix);
    return sum + (expanded?.ok === true ? expanded.combinations.length : 1);
  }, 0);
}

function documentOf(written: number, all: number): string {
  const blocks = Array.from({ length: written }, (_, index) => {
    const values = Math.floor(((index + 1) * all) / written) - Math.floor((index * all) / written);
    const needs = [1, 7, 31].map((back) => index - back).filter((before) => before >= 0 && index % 25 !== 0);
    return [
      `  job-${String(index)}:`,
      `    name: The job number ${String(index)}`,
      ...(needs.length === 0 ? [] : [`    needs: [${needs.map((need) => `job-${String(need)}`).join(', ')}]`]),
      '    if: ${{ success() && inputs.level != \'none\' }}',
      `    strategy: { matrix: { n: [${Array.from({ length: values }, (_, n) => String(n)).join(', ')}] }, fail-fast: false }`,
      '    steps:',
      '      - id: build',
      '        name: Build one part',
      '        uses: "host/do:it"',
      '        with: { part: "${{ matrix.n }}", level: "${{ inputs.level }}" }',
      '      - id: tell',
      '        uses: "host/do:it"',
      '        with: { text: "part ${{ matrix.n }} of ${{ strategy.job-total }}: ${{ steps.build.outputs.text }}" }',
    ].join('\n');
  });
  return `id: wide\ninputs:\n  level: { type: string, default: full }\njobs:\n${blocks.join('\n')}\n`;
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const begin = performance.now();
  await work();
  return performance.now() - begin;
}
