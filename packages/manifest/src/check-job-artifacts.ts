import { type DocumentPath, type Finding, isJsonObject, JOB_ID, type JsonValue } from '@kb-labs/contracts';

import { artifactNameProblem } from './artifact-name.js';
import { shorten } from './build-tree.js';
import { JobNeeds } from './job-needs.js';
import { type JobOutline, mappingAt, type Outline, valueAt } from './outline.js';
import { report, suggest } from './report.js';

/** `artifacts:` of jobs: everything consumed is produced by a job that ends before, and no name is produced twice. */
export function* checkJobArtifacts(outline: Outline): Generator<Finding> {
  if (outline.jobs === undefined) return;
  const needs = new JobNeeds([...outline.jobs.values()]);
  const jobs = [...outline.jobs.values()].flatMap((job) => (Object.hasOwn(job.data, 'artifacts') ? [artifactsOf(job)] : []));
  const producers = new Producers(jobs);
  for (const one of jobs) {
    yield* checkNames(one.produce);
    yield* checkNames(one.consume);
    yield* checkConsumed(one, producers, needs);
    yield* checkStorable(one);
    yield* checkMerge(one, needs);
    yield* checkOtherProducers(one, producers, needs);
  }
}

interface JobArtifacts {
  readonly job: JobOutline;
  readonly path: DocumentPath;
  readonly produce: readonly WrittenName[];
  readonly consume: readonly WrittenName[];
  readonly merges: boolean;
}

interface WrittenName {
  readonly name: string;
  readonly path: DocumentPath;
}

function artifactsOf(job: JobOutline): JobArtifacts {
  const data = mappingAt(job.data, 'artifacts');
  const path = [...job.path, 'artifacts'];
  return {
    job,
    path,
    produce: namesIn(valueAt(data, 'produce'), [...path, 'produce']),
    consume: namesIn(valueAt(data, 'consume'), [...path, 'consume']),
    merges: Object.hasOwn(data, 'merge'),
  };
}

function namesIn(list: JsonValue | undefined, path: DocumentPath): WrittenName[] {
  if (!Array.isArray(list)) return [];
  return list.flatMap((name, index) => (typeof name === 'string' ? [{ name, path: [...path, index] }] : []));
}

/** A name stands for the artifact of that name and all below it: `dist` and `dist/app.js` meet, whoever is which. */
class Producers {
  readonly #jobs: readonly JobArtifacts[];
  readonly #exact = new Map<string, JobArtifacts[]>();
  /** By every folder that a name is below. */
  readonly #below = new Map<string, JobArtifacts[]>();

  constructor(jobs: readonly JobArtifacts[]) {
    this.#jobs = jobs;
    for (const one of jobs) {
      const names = new Set(one.produce.map(({ name }) => name));
      for (const name of names) addTo(this.#exact, name, one);
      for (const folder of new Set([...names].flatMap(foldersOf))) addTo(this.#below, folder, one);
    }
  }

  of(name: string): readonly JobArtifacts[] {
    return this.#exact.get(name) ?? [];
  }

  storing(name: string): readonly JobArtifacts[] {
    return [name, ...foldersOf(name)].flatMap((one) => this.of(one)).concat(this.#below.get(name) ?? []);
  }

  /** What a job could consume. */
  *before(job: JobOutline, needs: JobNeeds): Generator<string> {
    for (const one of this.#jobs) if (needs.reaches(job.key, one.job.key)) for (const { name } of one.produce) yield name;
  }
}

function addTo(map: Map<string, JobArtifacts[]>, key: string, one: JobArtifacts): void {
  const known = map.get(key);
  if (known === undefined) map.set(key, [one]);
  else known.push(one);
}

function foldersOf(name: string): string[] {
  const folders: string[] = [];
  for (let at = name.indexOf('/'); at !== -1; at = name.indexOf('/', at + 1)) folders.push(name.slice(0, at));
  return folders;
}

function* checkNames(names: readonly WrittenName[]): Generator<Finding> {
  const seen = new Set<string>();
  for (const { name, path } of names) {
    const found = artifactNameProblem(name);
    if (found !== undefined) yield report('INVALID_VALUE', path, { details: { problem: found.problem }, hint: found.hint });
    if (seen.has(name)) yield report('INVALID_VALUE', path, { details: { problem: `"${shorten(name)}" is there already` }, hint: 'remove one of them' });
    seen.add(name);
  }
}

function* checkConsumed({ job, consume }: JobArtifacts, producers: Producers, needs: JobNeeds): Generator<Finding> {
  for (const { name, path } of consume) {
    const ofName = producers.storing(name);
    if (ofName.some((other) => needs.reaches(job.key, other.job.key))) continue;
    const elsewhere = ofName.find((other) => other.job !== job && !needs.reaches(other.job.key, job.key));
    const hint = elsewhere === undefined ? suggest(name, producers.before(job, needs)) : `the job "${elsewhere.job.key}" produces it: add that to "needs"`;
    yield report('ARTIFACT_UNKNOWN', path, { details: { name: shorten(name) }, hint });
  }
}

/** Whether a step of the job could store what it says it produces. A script or a command can store anything. */
function* checkStorable({ job, produce, merges }: JobArtifacts): Generator<Finding> {
  if (produce.length === 0 || merges || job.steps.length === 0) return;
  if (job.steps.some(({ target }) => target?.kind !== 'builtin' && target?.kind !== 'workflow')) return;
  const stored = job.steps.flatMap((step) => (step.target?.kind === 'workflow' ? Object.keys(mappingAt(step.data, 'artifacts')) : []));
  const storable = new Set(stored.flatMap((name) => [name, ...foldersOf(name)]));
  for (const written of produce) {
    if (storable.has(written.name)) continue;
    const problem = `no step of this job can store the artifact "${shorten(written.name)}"`;
    const hint = stored.length === 0 ? 'its steps only wait and decide: produce it in a job that runs something' : suggest(written.name, stored);
    yield report('INVALID_VALUE', written.path, { details: { problem }, hint });
  }
}

function* checkMerge({ job, merges, path }: JobArtifacts, needs: JobNeeds): Generator<Finding> {
  if (!merges) return;
  const data = mappingAt(job.data, 'artifacts');
  if (!Object.hasOwn(data, 'produce')) {
    const problem = 'a merge makes the artifacts named under "produce", and there is none';
    yield report('INVALID_VALUE', [...path, 'merge'], { details: { problem }, hint: 'add "produce" with their names', atKey: true });
  }
  const from = valueAt(mappingAt(data, 'merge'), 'from');
  for (const [index, source] of Array.isArray(from) ? from.entries() : []) {
    if (!isJsonObject(source) || Object.hasOwn(source, 'run')) continue;
    const name = valueAt(source, 'job');
    if (typeof name !== 'string' || !JOB_ID.test(name) || needs.reaches(job.key, name)) continue;
    const problem = `the job "${shorten(name)}" is not one that this job needs`;
    const hint = suggest(name, needs.of(job.key)) ?? 'add it to "needs", or name the run it belongs to';
    yield report('INVALID_VALUE', [...path, 'merge', 'from', index, 'job'], { details: { problem }, hint });
  }
}

function* checkOtherProducers(one: JobArtifacts, producers: Producers, needs: JobNeeds): Generator<Finding> {
  for (const { name, path } of one.produce) {
    for (const other of producers.of(name)) {
      if (other === one) break;
      const isMerged = (one.merges && needs.reaches(one.job.key, other.job.key)) || (other.merges && needs.reaches(other.job.key, one.job.key));
      if (isMerged) continue;
      const problem = `the job "${other.job.key}" produces "${shorten(name)}" too`;
      yield report('INVALID_VALUE', path, { details: { problem }, hint: 'use another name, or merge theirs in a job that needs it' });
      break;
    }
  }
}
