import { formatDuration, type ArtifactHandle, type JsonObject, type PlannedJob, type JobState, type RunError } from '@kb-labs/contracts';
import { AppError, fromUnknown, toRunError } from '@kb-labs/errors';
import { evaluateTemplate } from '@kb-labs/expressions';
import { effectiveResult } from '@kb-labs/resolver';

import type { EngineDeps } from './deps.js';
import { artifactsOfSteps, requireProduced } from './job-artifacts.js';
import type { JobRecord } from './job-record.js';
import { mergeArtifacts } from './merge-artifacts.js';
import { isPassing } from './passing.js';

export interface JobOutcome {
  readonly status: 'success' | 'failed' | 'cancelled';
  readonly outputs: JsonObject;
  readonly artifacts?: readonly ArtifactHandle[];
  readonly error?: RunError;
}

/** How an attempt of a job ends whose steps have all ended, with its outputs and what it makes of their artifacts. */
export async function outcomeOf(deps: EngineDeps, record: JobRecord): Promise<JobOutcome> {
  const { planned, job } = record;
  const error = errorOf(planned, job);
  const cancelled = job.steps.some((step) => step.status === 'cancelled');
  const status = cancelled ? 'cancelled' : error.failed ? 'failed' : 'success';
  try {
    const contexts = record.contexts();
    const entries = Object.entries(planned.outputs).map(([name, template]) => [name, evaluateTemplate(template, { contexts })] as const);
    const artifacts = status === 'success' ? await finishArtifacts(deps, record, contexts) : [];
    return { status, outputs: Object.fromEntries(entries), artifacts, ...(error.error === undefined ? {} : { error: error.error }) };
  } catch (thrown) {
    if (isPassing(thrown)) throw thrown;
    return { status: status === 'success' ? 'failed' : status, outputs: {}, error: error.error ?? toRunError(fromUnknown(thrown)) };
  }
}

/** The first failure that counts. Steps that were left out because the time had run out are one. */
function errorOf(planned: PlannedJob, job: JobState): { readonly failed: boolean; readonly error?: RunError } {
  const failed = job.steps.find(
    (step, index) => step.status === 'failed' && effectiveResult('failed', planned.steps[index]?.continueOnError ?? false) === 'failed',
  );
  if (failed !== undefined) return { failed: true, ...(failed.error === undefined ? {} : { error: failed.error }) };
  if (!job.steps.some((step) => step.status === 'skipped' && step.reason?.rule === 'timeout')) return { failed: false };
  return { failed: true, error: toRunError(new AppError('JOB_TIMEOUT', { limit: formatDuration(planned.timeoutMs) })) };
}

/** Merges what is to be merged, and checks that what was promised is there. */
async function finishArtifacts(deps: EngineDeps, record: JobRecord, contexts: JsonObject): Promise<readonly ArtifactHandle[]> {
  const { planned, job, around } = record;
  if (planned.artifacts === undefined) return [];
  const merged = await mergeArtifacts(deps, { state: around, planned, job, contexts });
  requireProduced(planned, [...artifactsOfSteps(job), ...merged]);
  return merged;
}
