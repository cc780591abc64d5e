import type { ArtifactHandle, JobState, PlannedJob, RunState } from '@kb-labs/contracts';
import { AppError } from '@kb-labs/errors';
import type { ConsumedArtifact } from '@kb-labs/ports';
import { jobGraph } from '@kb-labs/resolver';

import { combinationsOf } from './combinations-of.js';
import type { EngineDeps } from './deps.js';
import { patiently } from './passing.js';

/**
 * What a job consumes of the jobs above it: the artifacts they promise, by name or below it. Of the same name the one of
 * the nearest job counts. Fails with `ARTIFACT_MISSING` for a name that nothing stands behind.
 */
export function consumedArtifacts(deps: Pick<EngineDeps, 'blobs' | 'clock'>, state: RunState, planned: PlannedJob): ConsumedArtifact[] {
  const names = planned.artifacts?.consume ?? [];
  if (names.length === 0) return [];
  const { byKey } = jobGraph(state.plan);
  const found = new Map<string, ArtifactHandle>();
  const above = new Set(planned.needs);
  for (const key of above) {
    const job = byKey.get(key);
    for (const need of job?.needs ?? []) above.add(need);
    const promised = (job?.artifacts?.produce ?? []).filter((name) => names.some((wanted) => covers(wanted, name) || covers(name, wanted)));
    for (const artifact of promised.length === 0 ? [] : artifactsOfJob(state, key)) {
      if (!found.has(artifact.name) && names.some((name) => covers(name, artifact.name))) found.set(artifact.name, artifact);
    }
  }
  for (const name of names) {
    if (![...found.keys()].some((one) => covers(name, one))) throw new AppError('ARTIFACT_MISSING', { name, problem: 'no job above has stored it' });
  }
  return [...found.values()].map((handle) => ({ handle, open: () => openBlob(deps, handle) }));
}

/** Refuses, with `ARTIFACT_MISSING`, the end of a job that has not stored what it promised. */
export function requireProduced(planned: PlannedJob, artifacts: readonly ArtifactHandle[]): void {
  for (const name of planned.artifacts?.produce ?? []) {
    if (!artifacts.some((artifact) => covers(name, artifact.name))) {
      throw new AppError('ARTIFACT_MISSING', { name, problem: 'the job promises it, and none of its steps has stored it' });
    }
  }
}

/** The artifacts of a job, of all its combinations if it has some. What the job made itself stands for what its steps stored. */
function artifactsOfJob(state: RunState, key: string): ArtifactHandle[] {
  const job = state.jobs.get(key);
  if (job === undefined) return [];
  const parts = job.matrix === undefined ? [job] : combinationsOf(state, job);
  const byName = new Map<string, ArtifactHandle>();
  for (const part of parts) for (const artifact of artifactsOfSteps(part)) byName.set(artifact.name, artifact);
  return [...byName.values()];
}

/** In the order they were stored; the last of a name counts. */
export function artifactsOfSteps(job: Pick<JobState, 'steps' | 'artifacts'>): ArtifactHandle[] {
  return [...job.steps.flatMap((step) => step.artifacts), ...job.artifacts];
}

/** `dist` covers `dist` and `dist/app.js`. */
export function covers(name: string, artifact: string): boolean {
  return artifact === name || artifact.startsWith(`${name}/`);
}

export async function openBlob(deps: Pick<EngineDeps, 'blobs' | 'clock'>, handle: ArtifactHandle): Promise<AsyncIterable<Uint8Array>> {
  const content = await patiently(deps.clock, () => deps.blobs.get(handle.digest));
  if (content === undefined) throw new AppError('ARTIFACT_MISSING', { name: handle.name, problem: 'its bytes are gone' });
  return content;
}
