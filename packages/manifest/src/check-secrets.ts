import type { DocumentPath, Finding, JsonObject } from '@kb-labs/contracts';

import { shorten } from './build-tree.js';
import type { Names } from './names.js';
import { type Outline, valueAt } from './outline.js';
import { report, suggest } from './report.js';

/** Lists of secrets: a name once, and only what the level around it has. */
export function* checkSecrets(outline: Outline): Generator<Finding> {
  yield* checkList(outline.data, [], undefined);
  for (const job of outline.jobs?.values() ?? []) {
    yield* checkList(job.data, job.path, { names: outline.secrets, called: 'of the workflow' });
    for (const step of job.steps) yield* checkList(step.data, step.path, { names: job.secrets, called: 'of the job' });
  }
}

interface Around {
  readonly names: Names | undefined;
  readonly called: string;
}

function* checkList(data: JsonObject, path: DocumentPath, around: Around | undefined): Generator<Finding> {
  const list = valueAt(data, 'secrets');
  const seen = new Set<string>();
  for (const [index, name] of Array.isArray(list) ? list.entries() : []) {
    if (typeof name !== 'string') continue;
    const problem = problemOf(name, seen, around);
    seen.add(name.toLowerCase());
    if (problem !== undefined) yield report('INVALID_VALUE', [...path, 'secrets', index], problem);
  }
}

function problemOf(name: string, seen: ReadonlySet<string>, around: Around | undefined): { details: JsonObject; hint?: string | undefined } | undefined {
  if (seen.has(name.toLowerCase())) return { details: { problem: `the secret "${shorten(name)}" is listed twice` }, hint: 'remove one: expressions do not tell upper from lower case' };
  if (around?.names === undefined || around.names.find(name) === name) return undefined;
  const problem = `the secret "${shorten(name)}" is not among the "secrets" ${around.called}`;
  return { details: { problem }, hint: suggest(name, around.names.keys()) ?? 'list it there: what is listed here only narrows' };
}
