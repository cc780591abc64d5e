import type { DocumentPath, JsonObject } from '@kb-labs/contracts';
import { type Reference, referencesOf } from '@kb-labs/expressions';

import { type ExpressionPlace, type Field, parsePlace } from './expression-places.js';
import { mappingAt } from './outline.js';
import { mayReadSecrets } from './rooms.js';

/**
 * The variable with a secret in it that `env.<name>` reads at a place where secrets cannot be read; without a name, or with one that
 * is computed, the first there is. `undefined`: none.
 */
export function secretBehind(name: string | number | null | undefined, place: ExpressionPlace): string | undefined {
  if (mayReadSecrets(place)) return undefined;
  const levels = LEVELS[place.field];
  const tainted = new Map<string, string>();
  for (const [level, data] of [['job', place.job?.data], ['step', place.step?.data]] as const) {
    if (data !== undefined && levels.includes(level)) taint(tainted, data, { level, path: place.path });
  }
  return readFrom(tainted, name);
}

/** Which `env:` is there besides that of the workflow, which cannot read secrets. */
const LEVELS: { readonly [F in Field]: readonly ('job' | 'step')[] } = {
  'workflow-env': [],
  'workflow-concurrency': [],
  'workflow-default': [],
  'workflow-outputs': [],
  'job-if': [],
  'job-strategy': [],
  'job-env': ['job'],
  'job-concurrency': ['job'],
  'target-image': [],
  'job-merge': ['job'],
  'job-outputs': ['job'],
  'step-if': ['job'],
  'step-env': ['job', 'step'],
  'step-with': ['job', 'step'],
  'step-outputs': ['job', 'step'],
};

/** Adds the variables of an `env:` that are made of secrets, and takes out those that it sets to something else. */
function taint(tainted: Map<string, string>, data: JsonObject, { level, path }: { level: 'job' | 'step'; path: DocumentPath }): void {
  for (const [name, text] of Object.entries(mappingAt(data, 'env'))) {
    const parsed = typeof text === 'string' ? parsePlace({ text, path, field: `${level}-env` }) : { expressions: [] };
    const isTainted = parsed.expressions.some(({ expression }) => [...referencesOf(expression)].some((reference) => readsSecret(reference, tainted)));
    if (isTainted) tainted.set(name.toLowerCase(), name);
    else tainted.delete(name.toLowerCase());
  }
}

function readsSecret({ root, path }: Reference, tainted: ReadonlyMap<string, string>): boolean {
  return root === 'secrets' || (root === 'env' && readFrom(tainted, path[0]) !== undefined);
}

function readFrom(tainted: ReadonlyMap<string, string>, name: string | number | null | undefined): string | undefined {
  if (name === undefined || name === null) return tainted.values().next().value;
  return tainted.get(String(name).toLowerCase());
}
