import { PLAN_SCHEMA, type PlannedJob, type PlannedStep, type RetryPolicy, type RunPlan } from '@kb-labs/contracts';

const HOUR_MS = 3_600_000;
const NO_RETRY: RetryPolicy = { max: 0, backoff: 'exponential', initialMs: 1_000, capMs: 60_000, jitter: false };

/** A step by its id, or by whatever of it matters to the test. */
export type LooseStep = string | Partial<PlannedStep>;
export type LooseJob = Partial<Omit<PlannedJob, 'key' | 'steps'>> & { readonly steps?: readonly LooseStep[] };
export type LoosePlan = Partial<Omit<RunPlan, 'schema' | 'workflow' | 'jobs'>> & {
  readonly workflow?: Partial<RunPlan['workflow']>;
  /** By key, in any order. One job `main` when left out. */
  readonly jobs?: Readonly<Record<string, LooseJob>>;
};

/**
 * A valid plan from the parts that matter. A job without steps has one, `step-1`; a step without `uses` is a script
 * that does nothing. Jobs are put after what they need; an unknown need or a circle is an error of the test.
 */
export function aPlan(loose: LoosePlan = {}): RunPlan {
  const { workflow, jobs, ...rest } = loose;
  return {
    inputs: {},
    vars: {},
    env: {},
    outputs: {},
    ...rest,
    schema: PLAN_SCHEMA,
    workflow: { id: 'example', name: 'Example', version: null, digest: `sha256:${'0'.repeat(64)}`, ...workflow },
    jobs: inOrder(Object.entries(jobs ?? { main: {} }).map(([key, job]) => aJob(key, job))),
  };
}

function aJob(key: string, loose: LooseJob): PlannedJob {
  const { steps = ['step-1'], ...rest } = loose;
  return {
    name: key,
    needs: [],
    if: null,
    env: {},
    timeoutMs: HOUR_MS,
    retry: NO_RETRY,
    continueOnError: false,
    outputs: {},
    ...rest,
    key,
    steps: steps.map((step, index) => aStep(typeof step === 'string' ? { id: step } : step, `step-${String(index + 1)}`)),
  };
}

function aStep(loose: Partial<PlannedStep>, fallbackId: string): PlannedStep {
  const id = loose.id ?? fallbackId;
  return {
    name: id,
    uses: { kind: 'builtin', name: 'run' },
    with: loose.uses === undefined ? { script: ':', shell: 'sh' } : {},
    if: null,
    env: {},
    timeoutMs: null,
    retry: NO_RETRY,
    continueOnError: false,
    onInterrupt: 'retry',
    outputs: {},
    artifacts: {},
    permissions: { shell: true },
    ...loose,
    id,
  };
}

function inOrder(jobs: readonly PlannedJob[]): PlannedJob[] {
  const ordered: PlannedJob[] = [];
  const placed = new Set<string>();
  while (ordered.length < jobs.length) {
    const next = jobs.find((job) => !placed.has(job.key) && job.needs.every((need) => placed.has(need)));
    if (next === undefined) throw new Error('the jobs of the plan need something unknown, or each other in a circle');
    placed.add(next.key);
    ordered.push(next);
  }
  return ordered;
}
