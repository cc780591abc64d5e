import { LIMITS, type ArtifactHandle, type JsonObject } from '@kb-labs/contracts';
import type { StepCall } from '@kb-labs/ports';
import { afterEach, describe, expect, it } from 'vitest';

import { failure, type Harness, openHarness, success } from './harness.fixture.js';
import { readArtifact } from './read-artifact.js';
import { jobIn, statuses, stepIn } from './watch-run.fixture.js';

const open: Harness[] = [];
afterEach(async () => {
  for (const harness of open.splice(0).toReversed()) await harness.close();
});

/** `do:store` stores what its input says, by name; `do:read` answers what its job consumes, by name. */
async function harnessOf(document: string, more: Record<string, string> = {}): Promise<Harness> {
  const harness = await openHarness({ workflows: { 'w.yml': `id: w\n${document}`, ...more } });
  open.push(harness);
  harness.handlers.set('do:store', async (call) => {
    for (const [name, text] of Object.entries(call.input)) await save(call, name, String(text));
    return success();
  });
  harness.handlers.set('do:read', async (call) => success(await consumedTexts(call)));
  await harness.worker();
  return harness;
}

function save(call: StepCall, name: string, text: string): Promise<ArtifactHandle> {
  return call.saveArtifact({ name, type: 'text', content: new TextEncoder().encode(text) });
}

async function consumedTexts(call: StepCall): Promise<JsonObject> {
  const texts: [string, string][] = [];
  for (const { handle, open: bytes } of call.consumed) texts.push([handle.name, await textOf(await bytes())]);
  return Object.fromEntries(texts);
}

async function textOf(content: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of content) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
}

async function textIn(harness: Harness, runId: string, name: string): Promise<string> {
  return textOf((await readArtifact(harness.deps, { runId, name })).content);
}

const store = (entries: string): string => `steps: [{ id: s, uses: t/do:store, with: { ${entries} } }]`;
const read = 'steps: [{ id: r, uses: t/do:read }]';

describe('an artifact', () => {
  it('that a job promises and does not store fails the job, and a step cannot make up for it', async () => {
    const harness = await harnessOf(`jobs:
  a: { artifacts: { produce: [dist, report] }, ${store('dist: x')} }
  b: { needs: a, artifacts: { consume: [report] }, ${read} }`);
    const view = await harness.end(await harness.start('w'));
    expect(view).toMatchObject({ status: 'failed', error: { code: 'ARTIFACT_MISSING' } });
    expect(view.error?.message).toContain('report');
    expect(statuses(view)).toEqual({ a: 'failed', b: 'skipped' });
  });

  it('is only missed by jobs that ended well', async () => {
    const harness = await harnessOf(`jobs: { a: { artifacts: { produce: [dist] }, steps: [{ uses: t/do:fail }] } }`);
    harness.handlers.set('do:fail', () => failure('OWN_CODE'));
    expect((await harness.end(await harness.start('w'))).error?.code).toBe('OWN_CODE');
  });

  it('reaches the jobs below that consume it, by its name or by what it stands below, and no others', async () => {
    const harness = await harnessOf(`jobs:
  a: { artifacts: { produce: [dist, report.md] }, ${store('dist/app.js: app, dist/lib/x.js: lib, report.md: hello, distant: no, secret: no')} }
  b: { needs: a, ${read} }
  c: { needs: b, artifacts: { consume: [dist] }, ${read} }
  d: { needs: b, artifacts: { consume: [report.md, dist/lib] }, ${read} }`);
    const view = await harness.end(await harness.start('w'));
    expect(view.status).toBe('success');
    expect(stepIn(view, 'b', 'r').outputs).toEqual({});
    expect(stepIn(view, 'c', 'r').outputs).toEqual({ 'dist/app.js': 'app', 'dist/lib/x.js': 'lib' });
    expect(stepIn(view, 'd', 'r').outputs).toEqual({ 'dist/lib/x.js': 'lib', 'report.md': 'hello' });
  });

  it('that is consumed and not there fails the job before its first step', async () => {
    const harness = await harnessOf(`jobs:
  a: { continue-on-error: true, artifacts: { produce: [dist] }, steps: [{ uses: t/do:fail }] }
  b: { needs: a, artifacts: { consume: [dist] }, ${read} }`);
    harness.handlers.set('do:fail', () => failure());
    const view = await harness.end(await harness.start('w'));
    expect(view.error?.code).toBe('ARTIFACT_MISSING');
    expect(harness.calls.map((call) => call.job)).toEqual(['a']);
  });

  it('can be made by the combinations of a matrix, each with its own', async () => {
    const harness = await harnessOf(`jobs:
  a:
    strategy: { matrix: { n: [1, 2] } }
    artifacts: { produce: [out] }
    steps: [{ id: s, uses: t/do:one, with: { n: "\${{ matrix.n }}" } }]
  b: { needs: a, artifacts: { consume: [out] }, ${read} }`);
    harness.handlers.set('do:one', async (call) => {
      await save(call, `out/${String(call.input['n'])}.txt`, `of ${String(call.input['n'])}`);
      await save(call, 'out/both.txt', `by ${String(call.input['n'])}`);
      return success();
    });
    const view = await harness.end(await harness.start('w'));
    expect(stepIn(view, 'b', 'r').outputs).toEqual({ 'out/1.txt': 'of 1', 'out/2.txt': 'of 2', 'out/both.txt': 'by 2' });
    expect(view.artifacts.map((artifact) => [artifact.job, artifact.name])).toEqual([
      ['a.1', 'out/1.txt'],
      ['a.1', 'out/both.txt'],
      ['a.2', 'out/2.txt'],
      ['a.2', 'out/both.txt'],
    ]);
  });

  it('of a combination that promises and does not store it fails that combination', async () => {
    const harness = await harnessOf(`jobs:
  a:
    strategy: { fail-fast: false, matrix: { n: [1, 2] } }
    artifacts: { produce: [out] }
    steps: [{ uses: t/do:store, with: { "out/x": x }, if: "\${{ matrix.n == 1 }}" }]`);
    expect(statuses(await harness.end(await harness.start('w')))).toEqual({ a: 'failed', 'a.1': 'success', 'a.2': 'failed' });
  });
});

describe('merge', () => {
  const sum = (strategy: string, from: string, own = ''): string => `
  sum: { needs: [a, b], artifacts: { produce: [log], merge: { strategy: ${strategy}, from: [${from}] } }, ${own === '' ? 'steps: [{ uses: t/do:nothing }]' : own} }`;

  async function merged(jobs: string): Promise<string> {
    const harness = await harnessOf(`jobs:${jobs}`);
    const runId = await harness.start('w');
    const view = await harness.end(runId);
    expect(view.error).toBeUndefined();
    return textIn(harness, runId, 'log');
  }

  const two = (a: string, b: string): string => `
  a: { ${store(`log: '${a}'`)} }
  b: { ${store(`log: '${b}'`)} }`;

  it('appends in the order of the sources, and last the own', async () => {
    expect(await merged(`${two('A', 'B')}${sum('append', '{ job: b }, { job: a }', store('log: C'))}`)).toBe('BAC');
  });

  it('leaves each in its place, to be read by that where another has its name', async () => {
    const harness = await harnessOf(`jobs:${two('A', 'B')}${sum('append', '{ job: b }, { job: a }', store('log: C'))}`);
    const runId = await harness.start('w');
    await harness.end(runId);
    const texts = await Promise.all(['log', 'sum/log', 'sum/s/log', 'a/s/log', 'b/s/log'].map((name) => textIn(harness, runId, name)));
    expect(texts).toEqual(['BAC', 'BAC', 'C', 'A', 'B']);
    await expect(textIn(harness, runId, 'sum/null/log')).rejects.toMatchObject({ code: 'ARTIFACT_NOT_FOUND' });
  });

  it('takes the last for overwrite', async () => {
    expect(await merged(`${two('A', 'B')}${sum('overwrite', '{ job: b }, { job: a }')}`)).toBe('A');
  });

  it('merges JSON key by key and joins lists', async () => {
    const text = await merged(`${two('{ "n": 1, "o": { "x": 1, "y": [1] } }', '{ "n": 2, "o": { "y": [2], "z": null } }')}${sum('json-merge', '{ job: a }, { job: b }')}`);
    expect(JSON.parse(text)).toEqual({ n: 2, o: { x: 1, y: [1, 2], z: null } });
  });

  it('keeps keys that look like more than keys what they are', async () => {
    const text = await merged(`${two('{ "__proto__": { "a": 1 }, "constructor": { "c": 1 } }', '{ "__proto__": { "b": 2 }, "constructor": { "d": 2 } }')}${sum('json-merge', '{ job: a }, { job: b }')}`);
    expect(text).toBe(JSON.stringify(JSON.parse('{ "__proto__": { "a": 1, "b": 2 }, "constructor": { "c": 1, "d": 2 } }'), null, 2));
    expect(({} as { b?: unknown }).b).toBeUndefined();
  });

  it('fails its job when something to be merged is no JSON', async () => {
    const harness = await harnessOf(`jobs:${two('{', '{}')}${sum('json-merge', '{ job: a }, { job: b }')}`);
    const view = await harness.end(await harness.start('w'));
    expect(view.error).toMatchObject({ code: 'ARTIFACT_INVALID', message: expect.stringMatching(/"log" cannot be stored: it is no JSON to merge: (?!SyntaxError)/) as string });
    expect(jobIn(view, 'sum').status).toBe('failed');
  });

  it('fails its job when nobody has what is promised', async () => {
    const harness = await harnessOf(`jobs:${two('A', 'B').replaceAll('log:', 'other:')}${sum('append', '{ job: a }')}`);
    expect((await harness.end(await harness.start('w'))).error?.code).toBe('ARTIFACT_MISSING');
  });

  it('goes over all combinations of a job, in order, and over all jobs when none is named', async () => {
    const many = `
  a: { strategy: { matrix: { n: [1, 2, 3] } }, steps: [{ uses: t/do:store, with: { log: "a\${{ matrix.n }} " } }] }
  b: { ${store('log: "b "')} }`;
    expect(await merged(`${many}${sum('append', '{ job: a }')}`)).toBe('a1 a2 a3 ');
    expect(await merged(`${many}${sum('append', '{}', store('log: own'))}`)).toBe('a1 a2 a3 b own');
  });

  it('leaves the combinations of its own job out', async () => {
    const harness = await harnessOf(`jobs:
  a: { ${store('log: "a "')} }
  sum:
    needs: a
    strategy: { max-parallel: 1, matrix: { n: [1, 2] } }
    artifacts: { produce: [log], merge: { strategy: append, from: [{}] } }
    steps: [{ uses: t/do:store, with: { log: "\${{ matrix.n }}" } }]
  b: { needs: sum, artifacts: { consume: [log] }, ${read} }`);
    const view = await harness.end(await harness.start('w'));
    expect(stepIn(view, 'b', 'r').outputs).toEqual({ log: 'a 2' });
  });

  it('can take from another run, and hands what it made to those that consume it', async () => {
    const harness = await harnessOf(
      `inputs: { run: { type: string, required: true } }
jobs:
  sum: { artifacts: { produce: [log], merge: { strategy: append, from: [{ run: "\${{ inputs.run }}", job: x }] } }, ${store('log: new')} }
  after: { needs: sum, artifacts: { consume: [log] }, ${read} }`,
      { 'o.yml': `id: o\njobs: { x: { ${store('log: "old "')} }, y: { ${store('log: "not this "')} } }` },
    );
    const run = await harness.start('o');
    await harness.end(run);
    const view = await harness.end(await harness.start('w', { run }));
    expect(stepIn(view, 'after', 'r').outputs).toEqual({ log: 'old new' });
    const missing = await harness.end(await harness.start('w', { run: 'run_none' }));
    expect(missing.error?.code).toBe('RUN_NOT_FOUND');
  });
});

describe('outputs that are too large to be kept with the run', () => {
  const large = 'x'.repeat(LIMITS.outputBytes);

  it('become artifacts, the largest first, and a reference to them', async () => {
    const harness = await harnessOf(`jobs: { a: { outputs: { ref: "\${{ steps.s.outputs.text.digest }}" }, steps: [{ id: s, uses: t/do:large }] } }`);
    harness.handlers.set('do:large', () => success({ text: large, list: [large.slice(0, 700_000)], small: 1, half: large.slice(0, 400_000) }));
    const runId = await harness.start('w');
    const view = await harness.end(runId);
    const { text, list, small, half } = stepIn(view, 'a', 's').outputs;
    expect(text).toEqual({ artifact: 'outputs/s/text.txt', digest: expect.stringMatching(/^sha256:/) as unknown, bytes: large.length });
    expect(list).toMatchObject({ artifact: 'outputs/s/list.json' });
    expect([small, half]).toEqual([1, large.slice(0, 400_000)]);
    expect(await textIn(harness, runId, 'outputs/s/text.txt')).toBe(large);
    expect(JSON.parse(await textIn(harness, runId, 'outputs/s/list.json'))).toEqual([large.slice(0, 700_000)]);
    expect(view.jobs[0]?.outputs).toEqual({ ref: (text as JsonObject)['digest'] });
  });

  it.each(['../../../etc/passwd', '/absolute', 'a b', 'naïve', '', '.', 'n'.repeat(400)])('have a name that is one, when the output is called "%s"', async (name) => {
    const harness = await harnessOf(`jobs: { a: { steps: [{ id: s, uses: t/do:large }] } }`);
    harness.handlers.set('do:large', () => success({ [name]: large, [`${name}.`]: large }));
    const runId = await harness.start('w');
    const view = await harness.end(runId);
    expect(view.status).toBe('success');
    expect(view.artifacts).toHaveLength(2);
    for (const artifact of view.artifacts) {
      expect(artifact.name).toMatch(/^outputs\/s\/output\.[12]\.txt$/);
      expect(artifact.name.length).toBeLessThanOrEqual(255);
      expect(artifact.name).not.toContain('..');
      expect(await textIn(harness, runId, artifact.name)).toBe(large);
    }
  });

  it('fail their step when what is left is still too large', async () => {
    const harness = await harnessOf(`jobs: { a: { steps: [{ id: s, uses: t/do:large }] } }`);
    harness.handlers.set('do:large', () => success(Object.fromEntries(Array.from({ length: 100_000 }, (_, index) => [`k${index}`, index]))));
    expect((await harness.end(await harness.start('w'))).error?.code).toBe('OUTPUT_TOO_LARGE');
  });

  it('do not hide why a step failed', async () => {
    const harness = await harnessOf(`jobs: { a: { steps: [{ id: s, uses: t/do:large }] } }`);
    const outputs = Object.fromEntries(Array.from({ length: 100_000 }, (_, index) => [`k${index}`, index]));
    harness.handlers.set('do:large', () => ({ status: 'failed', error: { code: 'OWN_CODE', message: 'own' }, outputs, retryable: true }));
    expect((await harness.end(await harness.start('w'))).error?.code).toBe('OWN_CODE');
  });
});
