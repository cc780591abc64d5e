import { type FlowPins, type RunId, type RunView, toRunId } from '@kb-labs/contracts';
import { AppError, toRunError } from '@kb-labs/errors';
import type { Placement, StepToPlace } from '@kb-labs/ports';
import { afterEach, describe, expect, it } from 'vitest';

import { answerApproval } from '../answer-approval.js';
import type { EngineDeps } from '../deps.js';
import { type Harness, manual, openHarness, replacing } from '../harness.fixture.js';
import { manualClock } from '../manual-clock.fixture.js';
import { waiting } from '../one-job.fixture.js';
import { planWorkflow } from '../plan-workflow.js';
import { acceptRun } from '../start-run.js';
import { stepIn } from '../watch-run.fixture.js';
import { resolvePins } from './reach.js';

const open: Harness[] = [];
afterEach(async () => {
  for (const harness of open.splice(0).toReversed()) await harness.close();
});

const WORKFLOWS = {
  'root.yml': `id: root
jobs:
  j:
    steps:
      - { id: ask, uses: "builtin:approval", with: { title: Go? } }
      - { id: own, uses: t/do:own }
      - { id: call, uses: "workflow://middle" }
`,
  'middle.yml': 'id: middle\njobs: { j: { steps: [{ id: call, uses: "workflow://leaf" }] } }\n',
  'leaf.yml': 'id: leaf\njobs: { j: { execution-target: { mode: container, image: "node:24" }, steps: [{ id: it, uses: u/do:it }] } }\n',
  'other.yml': 'id: other\njobs: { j: { steps: [{ uses: t/do:other }] } }\n',
};
type Documents = Record<string, string>;

/** What is installed at the moment. */
interface Installed {
  plugins: Record<string, string>;
  images: Record<string, string>;
}

/** The engine on a host that has this, and holds it to pins. */
async function engine(installed: Installed, workflows: Documents = WORKFLOWS) {
  const placed: StepToPlace[] = [];
  const changed = (what: string) => ({ ok: false as const, error: toRunError(new AppError('FLOW_PIN_CHANGED', { what })), retryable: false });
  const wrap = (deps: EngineDeps): EngineDeps => ({
    ...deps,
    plugins: {
      ...deps.plugins,
      resolve: async (uses, options) => {
        const found = await deps.plugins.resolve(uses);
        const integrity = installed.plugins[uses.package];
        return found.ok && options?.sealed === true && integrity !== undefined ? { ...found, plugin: { ...found.plugin, integrity } } : found;
      },
      place: (step) => {
        placed.push(step);
        const { uses, target, pins } = step;
        if (pins !== undefined && uses.kind === 'plugin' && pins.plugins[uses.package]?.integrity !== installed.plugins[uses.package]) return Promise.resolve(changed(`the plugin ${uses.package}`));
        const reference = target?.image;
        if (reference === undefined) return Promise.resolve({ ok: true, isolation: 'in-process' });
        const digest = installed.images[reference];
        if (digest === undefined) return Promise.resolve({ ok: false, retryable: true, error: toRunError(new AppError('IMAGE_NOT_AVAILABLE', { image: reference, problem: 'it is not here' })) });
        if (pins !== undefined && pins.images[reference] !== digest) return Promise.resolve(changed(`the image ${reference}`));
        return Promise.resolve({ ok: true, isolation: 'container', image: { reference, digest } });
      },
    },
  });
  const harness = await openHarness({ workflows, wrap });
  open.push(harness);
  return { harness, placed };
}

const IMAGE = `sha256:${'a'.repeat(64)}`;
const now = (): Installed => ({ plugins: { t: 'sha256-t', u: 'sha256-u' }, images: { 'node:24': IMAGE } });
const DIGEST = expect.stringMatching(/^sha256:[a-f0-9]{64}$/) as string;

describe('what a flow may run', () => {
  it('is all that its workflow can reach, and nothing else', async () => {
    const { harness } = await engine(now());
    expect(await resolvePins(harness.deps, 'root')).toEqual({
      workflows: { root: DIGEST, middle: DIGEST, leaf: DIGEST },
      plugins: { t: { version: '1.0.0', integrity: 'sha256-t' }, u: { version: '1.0.0', integrity: 'sha256-u' } },
      images: { 'node:24': IMAGE },
    });
    expect(await resolvePins(harness.deps, 'other')).toMatchObject({ workflows: { other: DIGEST }, images: {} });
  });

  it('is told also of workflows that call each other', async () => {
    const { harness } = await engine(now(), { 'a.yml': 'id: a\njobs: { j: { steps: [{ uses: "workflow://b" }] } }\n', 'b.yml': 'id: b\njobs: { j: { steps: [{ uses: "workflow://a" }] } }\n' });
    expect(Object.keys((await resolvePins(harness.deps, 'a')).workflows)).toEqual(['a', 'b']);
  });

  it('names an image by the digest in its name, leaves out what is computed, and fails for one that is not to be had', async () => {
    const container = (image: string) => ({ 'w.yml': `id: w\ninputs: { image: { type: string } }\njobs: { j: { execution-target: { mode: container, image: "${image}" }, steps: [{ uses: t/do:it }] } }\n` });
    const images = async (image: string) => (await resolvePins((await engine({ ...now(), images: {} }, container(image))).harness.deps, 'w')).images;
    expect(await images(`node@${IMAGE}`)).toEqual({ [`node@${IMAGE}`]: IMAGE });
    expect(await images('${{ inputs.image }}')).toEqual({});
    await expect(images('node:24')).rejects.toMatchObject({ code: 'IMAGE_NOT_AVAILABLE', details: { image: 'node:24' } });
  });

  it('cannot be told of an image that takes longer than somebody waits', async () => {
    const { harness } = await engine({ ...now(), images: {} });
    const clock = manualClock();
    const asked = Promise.withResolvers<StepToPlace>();
    const fetches = (step: StepToPlace): Placement | Promise<Placement> => {
      if (step.target?.image === undefined) return harness.deps.plugins.place(step);
      asked.resolve(step);
      return new Promise((resolve) => {
        step.signal().addEventListener('abort', () => resolve({ ok: false, retryable: true, error: toRunError(new AppError('INTERNAL', { problem: 'it was aborted' })) }));
      });
    };
    const pins = resolvePins({ ...harness.deps, clock, plugins: replacing(harness.deps.plugins, { place: fetches }) }, 'root');
    const { signal } = await asked.promise;
    clock.advance(4 * 60_000 - 1);
    expect(signal().aborted).toBe(false);
    clock.advance(1);
    await expect(pins).rejects.toMatchObject({ code: 'IMAGE_NOT_AVAILABLE', details: { image: 'node:24', problem: expect.stringContaining('4 minutes') as string } });
  });

  it('cannot be told of a workflow that is not there', async () => {
    const { harness } = await engine(now());
    await expect(resolvePins(harness.deps, 'gone')).rejects.toMatchObject({ code: 'WORKFLOW_NOT_FOUND' });
  });
});

/** A run that is pinned, as a flow starts it. */
async function start({ deps }: Harness, pins: FlowPins): Promise<RunId> {
  const runId = toRunId('01K0000000000000000000000A');
  const plan = await planWorkflow(deps, { workflowId: 'root', input: {}, pins });
  await acceptRun(deps, { runId, plan, trigger: manual });
  return runId;
}

/** Starts it, lets it come to its approval, lets something else happen, and approves. */
async function approve(given: Awaited<ReturnType<typeof engine>>, runId: RunId): Promise<RunView> {
  await answerApproval(given.harness.deps, { runId, step: 'ask', decision: 'approved', by: 'bob' });
  return given.harness.end(runId);
}

async function untilApproval(installed: Installed) {
  const given = await engine(installed);
  const pins = await resolvePins(given.harness.deps, 'root');
  await given.harness.worker();
  const runId = await start(given.harness, pins);
  await waiting(given.harness, runId, 'ask');
  return { ...given, pins, runId };
}

/** One letter of a document is another. */
const flipped = (file: keyof typeof WORKFLOWS): Documents => ({ ...WORKFLOWS, [file]: WORKFLOWS[file].replace(/\bj:/, 'k:') });

describe('a pinned run', () => {
  it('goes through as long as nothing is another, and takes its pins to all that it calls', async () => {
    const given = await untilApproval(now());
    expect((await approve(given, given.runId)).status).toBe('success');
    expect(given.harness.calls.map(({ uses }) => uses)).toMatchObject([{ package: 't' }, { package: 'u' }]);
    expect(given.placed.filter(({ pins }) => pins !== undefined).map(({ uses }) => uses.kind)).toContain('plugin');
    expect(given.placed.at(-1)?.pins).toEqual(given.pins);
  });

  it.each(['root.yml', 'middle.yml', 'leaf.yml'] as const)('is refused at its start when one byte of %s is another', async (file) => {
    const { harness } = await engine(now());
    const pins = await resolvePins(harness.deps, 'root');
    const later = await engine(now(), flipped(file));
    const refused = planWorkflow(later.harness.deps, { workflowId: file.replace('.yml', ''), input: {}, pins });
    await expect(refused).rejects.toMatchObject({ code: 'FLOW_PIN_CHANGED', message: `the workflow ${file.replace('.yml', '')} is not the one that the flow started with` });
    // And nothing else is.
    await expect(planWorkflow(later.harness.deps, { workflowId: 'other', input: {} })).resolves.not.toHaveProperty('pins');
  });

  it('does not run a workflow that has no pin', async () => {
    const { harness } = await engine(now());
    const pins = await resolvePins(harness.deps, 'root');
    await expect(planWorkflow(harness.deps, { workflowId: 'other', input: {}, pins })).rejects.toMatchObject({ code: 'FLOW_PIN_CHANGED' });
  });

  it('stops at a plugin that changed while it waited for approval', async () => {
    const installed = now();
    const given = await untilApproval(installed);
    installed.plugins['t'] = 'sha256-T';
    const view = await approve(given, given.runId);
    expect(view.status).toBe('failed');
    expect(stepIn(view, 'j', 'own')).toMatchObject({ status: 'failed', error: { code: 'FLOW_PIN_CHANGED' } });
    expect(given.harness.calls).toEqual([]);
  });

  it.each(['plugins', 'images'] as const)('stops in a run it calls when one of its %s changed while it waited for approval', async (kind) => {
    const installed = now();
    const given = await untilApproval(installed);
    if (kind === 'plugins') installed.plugins['u'] = 'sha256-U';
    else installed.images['node:24'] = `sha256:${'b'.repeat(64)}`;
    const view = await approve(given, given.runId);
    expect(view.status).toBe('failed');
    expect(given.harness.calls.map(({ uses }) => uses)).toMatchObject([{ package: 't' }]);
    expect(view.error?.message).toMatch(kind === 'plugins' ? /the plugin u is not the one that the flow started with$/ : /the image node:24 is not the one that the flow started with$/);
  });

  it.each(['middle.yml', 'leaf.yml'] as const)('stops at %s when it changed while it waited for approval', async (file) => {
    const given = await untilApproval(now());
    // The documents of this engine are read at each call.
    const sources = Object.entries(flipped(file)).map(([name, text]) => ({ file: name, text }));
    Object.assign(given.harness.deps.workflows, { list: () => Promise.resolve(sources), candidates: () => Promise.resolve(sources) });
    const view = await approve(given, given.runId);
    expect(view.status).toBe('failed');
    expect(given.harness.calls.map(({ uses }) => uses)).toMatchObject([{ package: 't' }]);
    expect(view.error?.message).toContain(`the workflow ${file.replace('.yml', '')} is not the one that the flow started with`);
  });

  it('is carried out as it was planned when its own document changed meanwhile: the other text is not run', async () => {
    const given = await untilApproval(now());
    const sources = Object.entries({ ...WORKFLOWS, 'root.yml': WORKFLOWS['root.yml'].replace('t/do:own', 't/do:new') }).map(([name, text]) => ({ file: name, text }));
    Object.assign(given.harness.deps.workflows, { list: () => Promise.resolve(sources), candidates: () => Promise.resolve(sources) });
    expect((await approve(given, given.runId)).status).toBe('success');
    expect(given.harness.calls.map(({ uses }) => uses)).toMatchObject([{ command: 'do:own' }, { command: 'do:it' }]);
  });
});
