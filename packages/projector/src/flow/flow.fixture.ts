import {
  FLOW_KEY,
  type FlowRecord,
  JOURNAL_SCHEMA,
  PLAN_SCHEMA,
  type PlannedJob,
  type PlannedStep,
  type PlaybookManifest,
  type Reason,
  type RunError,
  type RunEvent,
  type RunEventBody,
  type RunId,
  type StepAnswer,
  type StepWait,
  type StoredEvidence,
  toRunId,
  toWorkerId,
  type Trigger,
  type TriggerSession,
} from '@kb-labs/contracts';

import { planned as plannedJob } from '../journal.fixture.js';
import type { FlowSource } from './flow-view.js';
import { type ScopedRun, scopedRunOf } from './scoped-run.js';
import { sidechainOf } from './view-ids.js';

/** A run in few words: `<end> <job>=<how>[:<phase>]… `, as in `failed build=ok test=failed`. */
export interface WrittenRun {
  readonly does: string;
  /** The run that called it. Neither this nor `to`: it was submitted to the session of the flow. */
  readonly of?: string;
  /** The run to whose sidechain somebody submitted it. */
  readonly to?: string;
  /** Of its first event; the others follow a millisecond apart. 1,000 when left out. */
  readonly at?: number;
  /** Of its last event. */
  readonly endsAt?: number;
  /** When it was submitted, if it had to wait for its turn. */
  readonly submittedAt?: number;
}

/** A flow in few words, with what its view has to show. */
export interface FlowCase {
  readonly name: string;
  readonly runs: Readonly<Record<string, WrittenRun>>;
  readonly submission?: FlowSource['submission'];
  readonly cancelled?: true;
  readonly manifest?: Partial<PlaybookManifest>;
  /** `<kind>:<id>[@<at>]`. */
  readonly evidence?: readonly string[];
  readonly status: string;
  /** The rules that hold, the one that decides first. */
  readonly reasons: readonly string[];
  /** Other fields of the view by name, runs by their names here. */
  readonly view?: Readonly<Record<string, unknown>>;
}

const MANIFEST: PlaybookManifest = {
  playbook_id: 'release',
  version: '1.0.0',
  title: 'Release',
  objective: 'Ship what was reviewed.',
  tools: { enforce: true, deny: ['@acme/ship/*:*'] },
};

export function sourceOf(written: Pick<FlowCase, 'runs' | 'submission' | 'cancelled' | 'manifest' | 'evidence'>): FlowSource {
  return {
    record: { ...RECORD, ...(written.cancelled === true ? { cancel: { at: 999, by: 'eve', reason: 'not now' } } : {}) },
    evidence: (written.evidence ?? []).map(readEvidence),
    manifest: { ...MANIFEST, ...written.manifest },
    submission: written.submission ?? 'submitted',
    runs: Object.keys(written.runs).map((name) => scopedOf(name, written.runs)),
  };
}

/** Ids of runs, by the names in the order of the data: two letters of base 32 at the end. */
export function idOf(name: string): RunId {
  let number = 7;
  for (const char of name) number = (number * 31 + char.charCodeAt(0)) % 1_048_576;
  return toRunId(number.toString(32).toUpperCase().replaceAll(/[ILOU]/g, 'Z').padStart(26, '0'));
}

/** A text in which ids of runs are names again. */
export function namedText(value: unknown, names: readonly string[]): unknown {
  const text = names.reduce((now, name) => now.replaceAll(idOf(name), name), JSON.stringify(value));
  return JSON.parse(text);
}

export function scopedOf(name: string, runs: Readonly<Record<string, WrittenRun>>): ScopedRun {
  return scopedRunOf(idOf(name), journalOf(name, runs));
}

export function journalOf(name: string, runs: Readonly<Record<string, WrittenRun>>): RunEvent[] {
  const written = runs[name];
  if (written === undefined) throw new Error(`no run ${name}`);
  const [end = '', ...parts] = written.does.split(' ');
  const jobs = parts.map(readJob);
  const events = jobs.flatMap((job) => eventsOf(job));
  const bodies = [startOf(name, runs, jobs), ...events, ...endOf(end)];
  const at = written.at ?? 1_000;
  return bodies.map((body, index) => ({ ...body, seq: index + 1, at: index === bodies.length - 1 && written.endsAt !== undefined ? written.endsAt : at + index }));
}

const RECORD: FlowRecord = {
  flowId: 'flow-1',
  tenant: 'default',
  playbook: { playbook_id: 'release', version: '1.0.0', digest: `sha256:${'a'.repeat(64)}` },
  releaseState: 'active',
  sessionId: 'main',
  runId: idOf('root'),
  mark: { flow_id: 'flow-1', playbook_id: 'release', version: '1.0.0', digest: `sha256:${'a'.repeat(64)}`, nonce: 'n' },
  requestDigest: `sha256:${'b'.repeat(64)}`,
  workflowId: 'w',
  inputs: {},
  requestMetadata: {},
  metadata: {},
  pins: { workflows: {}, plugins: {}, images: {} },
  createdAt: 900,
  createdBy: 'ada',
};

function readEvidence(text: string): StoredEvidence {
  const [, kind = '', id = '', at] = /^([^:]+):([^@]+)(?:@(\d+))?$/.exec(text) ?? [];
  return { kind, id, basis: 'attestation', at: Number(at ?? 950), by: 'ada' };
}

interface WrittenJob {
  readonly key: string;
  readonly how: string;
  /** What follows `>`: a run, or a tool. */
  readonly what: string | undefined;
  readonly phase: string | undefined;
}

function readJob(text: string): WrittenJob {
  const [, key = '', how = '', what, phase] = /^([^=]+)=([a-z]+)(?:>([^#]+))?(?:#(.+))?$/.exec(text) ?? [];
  return { key, how, what, phase };
}

function startOf(name: string, runs: Readonly<Record<string, WrittenRun>>, jobs: readonly WrittenJob[]): RunEventBody {
  const phases = [...new Set(jobs.flatMap(({ phase }) => phase ?? []))].map((id) => ({ id, label: id }));
  const plan = {
    schema: PLAN_SCHEMA,
    workflow: { id: 'w', name: 'W', version: '1', digest: 'sha256:0' },
    inputs: {},
    vars: {},
    env: {},
    outputs: {},
    ...(phases.length === 0 ? {} : { phases }),
    jobs: jobs.map(planOf),
  } as const;
  return { type: 'run.started', schema: JOURNAL_SCHEMA, plan, trigger: triggerOf(name, runs) };
}

function planOf({ key, how, what, phase }: WrittenJob): PlannedJob {
  const job = plannedJob(key, [], ['s']);
  const uses: PlannedStep['uses'] =
    how === 'tool' ? { kind: 'plugin', package: what ?? '@acme/ship', command: 'release:push' }
    : /^(?:calls|called|detached|refused)$/.test(how) ? { kind: 'workflow', id: 'child' }
    : /^(?:asks|question|allowed|denied|answered|expired|unwanted)$/.test(how) ? { kind: 'builtin', name: 'approval' }
    : how === 'sleeps' ? { kind: 'builtin', name: 'sleep' }
    : { kind: 'builtin', name: 'run' };
  return {
    ...job,
    steps: job.steps.map((step) => ({ ...step, uses, continueOnError: how === 'hidden', ...(how === 'detached' ? { detach: true } : {}), ...(phase === undefined ? {} : { phase }) })),
  };
}

function triggerOf(name: string, runs: Readonly<Record<string, WrittenRun>>): Trigger {
  const written = runs[name];
  const plain = { actor: 'ada', payload: null, branch: null, tag: null, sha: null };
  const metadata = { [FLOW_KEY]: RECORD.mark };
  if (written?.of === undefined) {
    const session: TriggerSession = { id: written?.to === undefined ? 'main' : sidechainOf(idOf(written.to)), metadata: written?.to === undefined ? metadata : {} };
    return { type: 'manual', ...plain, session: written?.submittedAt === undefined ? session : { ...session, submittedAt: written.submittedAt } };
  }
  const caller = idOf(written.of);
  return { type: 'call', ...plain, parent: { runId: caller, workflowId: 'w', depth: 1, waits: true }, session: { id: sidechainOf(idOf(name)), metadata, spawnedBy: caller } };
}

const worker = toWorkerId('0'.repeat(26));
const error = (code: string): RunError => ({ code, message: code.toLowerCase() });
const reason = (rule: Reason['rule']): Reason => ({ rule, message: rule });
const approval: StepWait = { kind: 'approval', title: 'Go?', subject: 'sha256:1' };
const question: StepWait = { ...approval, form: { type: 'object' } };
const answer = (decision: 'approved' | 'rejected'): StepAnswer => ({ kind: 'approval', decision, by: 'eve', at: 1, subject: 'sha256:1' });

/** What a job leaves in the journal, by what it does. */
function eventsOf({ key: job, how, what }: WrittenJob): RunEventBody[] {
  const step = { job, attempt: 1, step: 's', stepAttempt: 1 } as const;
  const taken = (turn = 0): RunEventBody => ({ type: 'job.started', job, attempt: 1, turn, worker, token: turn + 1 });
  const begins = (child?: RunId): RunEventBody => ({ type: 'step.started', ...step, isolation: 'subprocess', ...(child === undefined ? {} : { child }) });
  const waits = (wait: StepWait): RunEventBody => ({ type: 'step.waiting', ...step, wait });
  const stepEnds = (status: 'success' | 'failed' | 'cancelled', rest: object = {}): RunEventBody => ({ type: 'step.finished', ...step, status, outputs: {}, artifacts: [], ...rest });
  const jobEnds = (status: 'success' | 'failed' | 'cancelled' | 'skipped', rest: object = {}): RunEventBody => ({ type: 'job.finished', job, attempt: 1, status, outputs: {}, ...rest });
  const both = (status: 'success' | 'failed' | 'cancelled', rest: object = {}): RunEventBody[] => [stepEnds(status, rest), jobEnds(status, rest)];
  const child = idOf(what ?? '');
  switch (how) {
    case 'ok':
    case 'tool':
      return [taken(), begins(), ...both('success')];
    case 'failed':
      return [taken(), begins(), stepEnds('failed', { outputs: { exitCode: 3 }, error: error('EXIT_CODE') }), jobEnds('failed', { error: error('EXIT_CODE') })];
    case 'hidden':
      return [taken(), begins(), stepEnds('failed', { outputs: { exitCode: 4 }, error: error('EXIT_CODE') }), jobEnds('success')];
    case 'retried':
      return [taken(), begins(), stepEnds('failed', { error: error('EXIT_CODE'), retry: { attempt: 2, dueAt: 0, code: 'EXIT_CODE' } }), { ...begins(), stepAttempt: 2 } as RunEventBody, { ...stepEnds('success'), stepAttempt: 2 } as RunEventBody, jobEnds('success')];
    case 'cancelled':
      return [taken(), begins(), ...both('cancelled', { reason: reason('cancelled') })];
    case 'parked':
      return [taken(), begins(), ...both('cancelled', { reason: reason('quarantine') })];
    case 'cut':
      return [taken(), begins(), ...both('failed', { error: error('STEP_INTERRUPTED') })];
    case 'skipped':
      return [jobEnds('skipped', { reason: reason('condition') })];
    case 'dropped':
      return [jobEnds('skipped', { reason: reason('cancelled') })];
    case 'queued':
      return [];
    case 'running':
      return [taken(), begins()];
    case 'sleeps':
      return [taken(), begins(), waits({ kind: 'timer', dueAt: 9_999 })];
    case 'asks':
      return [taken(), begins(), waits(approval)];
    case 'question':
      return [taken(), begins(), waits(question)];
    case 'allowed':
      return [taken(), begins(), waits(approval), { type: 'step.answered', ...step, answer: answer('approved') }, taken(1), ...both('success')];
    case 'denied':
      return [taken(), begins(), waits(approval), { type: 'step.answered', ...step, answer: answer('rejected') }, taken(1), ...both('failed', { error: error('APPROVAL_REJECTED') })];
    case 'answered':
      return [taken(), begins(), waits(question), { type: 'step.answered', ...step, answer: { ...answer('approved'), data: { why: 'so' } } as StepAnswer }, taken(1), ...both('success')];
    case 'expired':
      return [taken(), begins(), waits(approval), taken(1), ...both('failed', { error: error('APPROVAL_EXPIRED') })];
    case 'unwanted':
      return [taken(), begins(), waits(approval), { type: 'job.cancel_requested', job, reason: reason('fail-fast') }];
    case 'calls':
      return [taken(), begins(child), waits({ kind: 'child', runId: child })];
    case 'called':
    case 'detached':
      return [taken(), begins(child), ...both('success')];
    case 'refused':
      return [taken(), begins(child), stepEnds('failed', { childRefused: true, error: error('CALL_REFUSED') }), jobEnds('failed', { error: error('CALL_REFUSED') })];
    default:
      throw new Error(`nobody does ${how}`);
  }
}

function endOf(end: string): RunEventBody[] {
  const ends = (status: 'success' | 'failed' | 'cancelled' | 'skipped' | 'quarantined', code?: string): RunEventBody[] => [{ type: 'run.finished', status, outputs: {}, ...(code === undefined ? {} : { error: error(code) }) }];
  switch (end) {
    case 'open':
      return [];
    case 'cut':
      return ends('failed', 'STEP_INTERRUPTED');
    case 'failed':
      return ends('failed', 'EXIT_CODE');
    case 'quarantined':
      return ends('quarantined', 'RUN_QUARANTINED');
    case 'success':
    case 'cancelled':
    case 'skipped':
      return ends(end);
    default:
      throw new Error(`no run ends ${end}`);
  }
}
