import type { RunId, RunView } from '@kb-labs/contracts';

/** What can be done to runs while their journals are recorded. */
interface Recorder {
  start(workflowId: string): Promise<RunId>;
  /** What failed of a run, again. */
  rerun(of: RunId): Promise<RunId>;
  cancel(runId: RunId): Promise<void>;
  callBack(runId: RunId): Promise<void>;
  /** Resolves once a step runs. */
  begins(step: string): Promise<void>;
  until(runId: RunId, is: (view: RunView) => boolean): Promise<void>;
  /** Another worker takes the place of the one that runs things, which is told to stop at once, or is dead as far as others can see. */
  replaceWorker(how: 'stopped' | 'dead'): Promise<void>;
}

export interface JournalCase {
  readonly about: string;
  /**
   * Documents. A step that `hangs` runs until it is stopped; one that `fails once` does so in its first try, one that
   * `fails at first` in the first run, and hangs in others.
   */
  readonly workflows: readonly string[];
  /** Brings runs to where their journals are to be read. The one started last of those that this calls comes first. */
  record(recorder: Recorder): Promise<void>;
}

const isOver = (view: RunView): boolean => view.finishedAt !== null;
const isStep = (id: string, is: (step: RunView['jobs'][number]['steps'][number]) => boolean) => (view: RunView): boolean =>
  view.jobs.some((job) => job.steps.some((step) => step.id === id && is(step)));

async function overOf(recorder: Recorder, workflowId = 'w'): Promise<RunId> {
  const run = await recorder.start(workflowId);
  await recorder.until(run, isOver);
  return run;
}

/** Until a step runs. */
const midway = (step: string) => async (recorder: Recorder): Promise<void> => {
  await recorder.start('w');
  await recorder.begins(step);
};

/** Until a step waits. */
const waiting = (step: string) => async (recorder: Recorder): Promise<void> => {
  await recorder.until(await recorder.start('w'), isStep(step, ({ waitsFor }) => waitsFor !== undefined));
};

export const JOURNALS: Readonly<Record<string, JournalCase>> = {
  finished: {
    about: 'a run that has ended, with outputs and an artifact',
    workflows: [
      `
id: w
outputs: { n: "\${{ jobs.two.outputs.n }}" }
jobs:
  one:
    outputs: { n: "\${{ steps.a.outputs.n }}" }
    steps: [{ id: a, uses: host/do:it, with: { n: 1, keep: some text } }]
  two:
    needs: one
    outputs: { n: "\${{ steps.b.outputs.n }}" }
    steps: [{ id: no, uses: host/do:it, if: "\${{ false }}" }, { id: b, uses: host/do:it, with: { n: "\${{ needs.one.outputs.n }}" } }]
`,
    ],
    record: async (recorder) => void (await overOf(recorder)),
  },
  failed: {
    about: 'a run that has failed, with a job that was skipped for it',
    workflows: ['id: w\njobs: { one: { steps: [{ id: a, uses: host/do:it, with: { does: fails } }, { id: b, uses: host/do:it }] }, two: { needs: one, steps: [{ uses: host/do:it }] } }'],
    record: async (recorder) => void (await overOf(recorder)),
  },
  cancelled: {
    about: 'a run that was cancelled in a step',
    workflows: ['id: w\njobs: { one: { steps: [{ id: a, uses: host/do:it, with: { does: hangs } }] }, two: { needs: one, steps: [{ uses: host/do:it }] } }'],
    async record(recorder) {
      const run = await recorder.start('w');
      await recorder.begins('a');
      await recorder.cancel(run);
      await recorder.until(run, isOver);
    },
  },
  quarantined: {
    about: 'a run whose step ended its worker three times',
    workflows: ['id: w\njobs: { one: { steps: [{ id: a, uses: host/do:it, with: { does: hangs } }] } }'],
    async record(recorder) {
      const run = await recorder.start('w');
      for (let tries = 1; tries <= 3; tries += 1) {
        await recorder.begins('a');
        await recorder.replaceWorker('dead');
      }
      await recorder.until(run, isOver);
    },
  },
  approval: {
    about: 'a run that waits for an approval',
    workflows: ['id: w\njobs: { one: { steps: [{ id: ask, uses: "builtin:approval", with: { title: Go on?, approvers: [ada] } }, { id: a, uses: host/do:it }] }, two: { needs: one, steps: [{ uses: host/do:it }] } }'],
    record: waiting('ask'),
  },
  signal: {
    about: 'a run that waits for a signal, beside a job that has ended',
    workflows: ['id: w\njobs: { one: { steps: [{ id: hear, uses: "builtin:wait", with: { signal: go } }, { id: a, uses: host/do:it }] }, two: { steps: [{ uses: host/do:it }] } }'],
    async record(recorder) {
      const run = await recorder.start('w');
      await recorder.until(run, (view) => isStep('hear', ({ waitsFor }) => waitsFor !== undefined)(view) && view.jobs.some((job) => job.status === 'success'));
    },
  },
  callback: {
    about: 'a run that was called back before it waits for it, in the step before',
    workflows: ['id: w\njobs: { one: { outputs: { order: "${{ steps.hear.outputs.order }}" }, steps: [{ id: a, uses: host/do:it, with: { does: hangs } }, { id: hear, uses: "builtin:wait", with: { callback: true } }] } }'],
    async record(recorder) {
      const run = await recorder.start('w');
      await recorder.begins('a');
      await recorder.callBack(run);
    },
  },
  sleep: {
    about: 'a run that sleeps',
    workflows: ['id: w\njobs: { one: { steps: [{ id: nap, uses: "builtin:sleep", with: { for: 1h } }, { id: a, uses: host/do:it }] } }'],
    record: async (recorder) => recorder.until(await recorder.start('w'), isStep('nap', ({ status }) => status === 'waiting')),
  },
  'mid-step': {
    about: 'a run whose worker died in its second step',
    workflows: ['id: w\njobs: { one: { outputs: { n: "${{ steps.b.outputs.n }}" }, steps: [{ id: a, uses: host/do:it, with: { n: 1 } }, { id: b, uses: host/do:it, with: { does: hangs, n: "${{ steps.a.outputs.n }}" } }, { id: c, uses: host/do:it }] } }'],
    record: midway('b'),
  },
  'mid-step-once': {
    about: 'a run whose worker died in a step that must not be tried again',
    workflows: ['id: w\njobs: { one: { steps: [{ id: a, uses: host/do:it, on-interrupt: fail, with: { does: hangs } }] } }'],
    record: midway('a'),
  },
  interrupted: {
    about: 'a run whose workers have died, and one was stopped, in the same step; the last of them died',
    workflows: ['id: w\njobs: { one: { steps: [{ id: a, uses: host/do:it, with: { does: hangs } }] } }'],
    async record(recorder) {
      await recorder.start('w');
      for (const how of ['dead', 'stopped', 'stopped'] as const) {
        await recorder.begins('a');
        await recorder.replaceWorker(how);
      }
      await recorder.begins('a');
    },
  },
  matrix: {
    about: 'a run with one of three combinations done and one in a step',
    workflows: [
      `
id: w
outputs: { n: "\${{ jobs.last.outputs.n }}" }
jobs:
  each:
    strategy: { max-parallel: 1, matrix: { n: [1, 2, 3] } }
    outputs: { n: "\${{ steps.a.outputs.n }}" }
    steps: [{ id: first, uses: host/do:it }, { id: a, uses: host/do:it, with: { n: "\${{ matrix.n }}", does: "\${{ matrix.n == 2 && 'hangs' || 'succeeds' }}" } }]
  last:
    needs: each
    outputs: { n: "\${{ steps.b.outputs.n }}" }
    steps: [{ id: b, uses: host/do:it, with: { n: "\${{ needs.each.combinations[2].outputs.n }}" } }]
`,
    ],
    record: async (recorder) =>
      recorder.until(await recorder.start('w'), (view) => view.jobs.some((job) => job.key === 'each.2' && job.steps.some((step) => step.id === 'a' && step.status === 'running'))),
  },
  child: {
    about: 'a run that waits for one it called, which waits for an approval',
    workflows: [
      'id: w\noutputs: { n: "${{ jobs.one.outputs.n }}" }\njobs: { one: { outputs: { n: "${{ steps.call.outputs.n }}" }, steps: [{ id: call, uses: "workflow://called" }, { id: a, uses: host/do:it }] } }',
      'id: called\noutputs: { n: "${{ jobs.one.outputs.n }}" }\njobs: { one: { outputs: { n: "${{ steps.b.outputs.n }}" }, steps: [{ id: ask, uses: "builtin:approval", with: { title: Go on? } }, { id: b, uses: host/do:it, with: { n: 6 } }] } }',
    ],
    record: waiting('call'),
  },
  retry: {
    about: 'a run that waits to try a step again',
    workflows: ['id: w\njobs: { one: { steps: [{ id: a, uses: host/do:it, retry: { max: 2, initial: 30m }, with: { does: fails once } }, { id: b, uses: host/do:it }] } }'],
    record: async (recorder) => recorder.until(await recorder.start('w'), isStep('a', ({ status, attempt }) => status === 'waiting' && attempt === 2)),
  },
  'job-retry': {
    about: 'a run in the second attempt of a job, with a hook to come',
    workflows: ['id: w\njobs: { one: { retry: { max: 1, initial: 0s }, hooks: { post: [{ id: z, uses: host/do:it }] }, steps: [{ id: a, uses: host/do:it, with: { does: fails once } }, { id: b, uses: host/do:it, with: { does: hangs } }] } }'],
    record: midway('b'),
  },
  gate: {
    about: 'a run in the second iteration of the steps before a gate',
    workflows: [
      `
id: w
jobs:
  one:
    steps:
      - { id: draft, uses: host/do:it, with: { does: "\${{ steps.review.outputs.iteration == 1 && 'hangs' || 'succeeds' }}" }, outputs: { verdict: "\${{ steps.review.outputs.iteration == 1 && 'pass' || 'rework' }}" } }
      - id: review
        uses: "builtin:gate"
        with:
          decision: "\${{ steps.draft.outputs.verdict }}"
          routes: { pass: continue, rework: { restart-from: draft } }
          default: fail
      - { id: after, uses: host/do:it }
`,
    ],
    record: async (recorder) => recorder.until(await recorder.start('w'), isStep('draft', ({ status, iteration }) => status === 'running' && iteration === 2)),
  },
  'cleaning-up': {
    about: 'a cancelled run whose worker died while it cleaned up',
    workflows: ['id: w\njobs: { one: { steps: [{ id: a, uses: host/do:it, with: { does: hangs } }, { id: tidy, uses: host/do:it, if: always(), with: { does: hangs } }] } }'],
    async record(recorder) {
      const run = await recorder.start('w');
      await recorder.begins('a');
      await recorder.cancel(run);
      await recorder.begins('tidy');
    },
  },
  rerun: {
    about: 'a run that does again what failed in another, and has kept the rest',
    workflows: ['id: w\njobs: { one: { steps: [{ id: a, uses: host/do:it, with: { keep: text } }] }, two: { needs: one, steps: [{ id: b, uses: host/do:it, with: { does: fails at first } }] } }'],
    async record(recorder) {
      await recorder.rerun(await overOf(recorder));
      await recorder.begins('b');
    },
  },
};
