import { LIMITS, type ArtifactHandle, type JobState, type JsonObject, type JsonValue, type PlannedJob, type PlannedJobArtifacts, type RunState } from '@kb-labs/contracts';
import { isJsonObject } from '@kb-labs/contracts';
import { AppError } from '@kb-labs/errors';
import { evaluateText } from '@kb-labs/expressions';

import { combinationsOf } from './combinations-of.js';
import type { EngineDeps } from './deps.js';
import { artifactsOfSteps, covers, openBlob } from './job-artifacts.js';
import { readRunState } from './read-run.js';
import { storeArtifact } from './store-artifacts.js';

type Merge = NonNullable<PlannedJobArtifacts['merge']>;

/**
 * Merges what a job promises with the artifacts of the same names elsewhere: the sources in the order they are written,
 * and last the job's own. Answers the results; a name that is nowhere is left out.
 */
export async function mergeArtifacts(
  deps: Pick<EngineDeps, 'blobs' | 'clock' | 'log'>,
  at: { state: RunState; planned: PlannedJob; job: JobState; contexts: JsonObject },
): Promise<ArtifactHandle[]> {
  const { merge, produce } = at.planned.artifacts ?? {};
  if (merge === undefined || produce === undefined) return [];
  const sources = await sourcesOf(deps, merge, at);
  const results: ArtifactHandle[] = [];
  for (const [name, handles] of group([...sources, artifactsOfSteps({ steps: at.job.steps, artifacts: [] })], produce)) {
    const last = handles.at(-1);
    if (last === undefined) continue;
    const content = await mergeBytes(deps, merge.strategy, name, handles);
    results.push(content === undefined ? last : await storeArtifact(deps, { name, type: last.type, ...(last.label === undefined ? {} : { label: last.label }), content }, LIMITS.mergeBytes));
  }
  return results;
}

/** The artifacts of each source: of one job, or of all jobs of its run in the order of the plan. */
async function sourcesOf(deps: Pick<EngineDeps, 'log'>, merge: Merge, at: { state: RunState; planned: PlannedJob; job: JobState; contexts: JsonObject }): Promise<ArtifactHandle[][]> {
  const sources: ArtifactHandle[][] = [];
  const own = at.job.combination?.of ?? at.planned.key;
  for (const from of merge.from) {
    const runId = from.run === undefined ? at.state.id : evaluateText(from.run, { contexts: at.contexts });
    const state = runId === at.state.id ? at.state : await readRunState(deps, runId);
    // To others, the run of a tenant is not there.
    if (state.tenant !== at.state.tenant) throw new AppError('RUN_NOT_FOUND', { id: runId });
    const keys = from.job === undefined ? state.plan.jobs.map((job) => job.key).filter((key) => state !== at.state || key !== own) : [from.job];
    for (const key of keys) {
      const job = state.jobs.get(key);
      if (job === undefined) throw new AppError('ARTIFACT_MISSING', { name: key, problem: `${state.id} has no such job to merge from` });
      for (const part of job.matrix === undefined ? [job] : combinationsOf(state, job)) sources.push(artifactsOfSteps(part));
    }
  }
  return sources;
}

/** What each source has under a name, the last of its name in each source. */
function group(sources: readonly (readonly ArtifactHandle[])[], produce: readonly string[]): Map<string, ArtifactHandle[]> {
  const byName = new Map<string, ArtifactHandle[]>();
  for (const source of sources) {
    const own = new Map(source.map((handle) => [handle.name, handle]));
    for (const handle of own.values()) {
      if (!produce.some((name) => covers(name, handle.name))) continue;
      byName.set(handle.name, [...(byName.get(handle.name) ?? []), handle]);
    }
  }
  return byName;
}

/** The merged bytes; `undefined` when the last artifact is the result as it stands. */
async function mergeBytes(deps: Pick<EngineDeps, 'blobs' | 'clock'>, strategy: Merge['strategy'], name: string, handles: readonly ArtifactHandle[]): Promise<Uint8Array | undefined> {
  if (strategy === 'overwrite' || handles.length === 1) return undefined;
  const bytes = handles.reduce((sum, handle) => sum + handle.bytes, 0);
  if (bytes > LIMITS.mergeBytes) throw new AppError('ARTIFACT_INVALID', { name, problem: `merging would read ${bytes} bytes, more than ${LIMITS.mergeBytes}` });
  const parts: Buffer[] = [];
  for (const handle of handles) parts.push(await readAll(await openBlob(deps, handle)));
  if (strategy === 'append') return Buffer.concat(parts);
  const values = parts.map((part) => parseJson(name, part));
  return Buffer.from(JSON.stringify(values.slice(1).reduce((merged, value) => mergeJson(merged, value), values[0] ?? null), null, 2));
}

async function readAll(content: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of content) chunks.push(chunk);
  return Buffer.concat(chunks);
}

function parseJson(name: string, bytes: Buffer): JsonValue {
  try {
    return JSON.parse(bytes.toString('utf8')) as JsonValue;
  } catch (thrown) {
    throw new AppError('ARTIFACT_INVALID', { name, problem: `it is no JSON to merge: ${thrown instanceof Error ? thrown.message : String(thrown)}` });
  }
}

/** Objects key by key, lists one after the other; of anything else the later value stands. */
function mergeJson(earlier: JsonValue, later: JsonValue, depth = 0): JsonValue {
  if (Array.isArray(earlier) && Array.isArray(later)) return [...earlier, ...later];
  if (!isJsonObject(earlier) || !isJsonObject(later)) return later;
  if (depth > LIMITS.valueDepth) throw new AppError('ARTIFACT_INVALID', { name: 'merge', problem: `the values are nested deeper than ${LIMITS.valueDepth}` });
  const entries = new Map(Object.entries(earlier));
  for (const [key, value] of Object.entries(later)) {
    const known = entries.get(key);
    entries.set(key, known === undefined ? value : mergeJson(known, value, depth + 1));
  }
  return Object.fromEntries(entries);
}
