import { AXIS_NAME, type DocumentPath, type Finding, isJsonObject, type JsonObject, LIMITS } from '@kb-labs/contracts';

import { shorten } from './build-tree.js';
import { countCombinations, CountBudget } from './count-combinations.js';
import { COMBINATION_KEYS, mappingAt, type Outline, valueAt } from './outline.js';
import { report, suggest, suggestNear } from './report.js';

/** Matrices: names of axes, what `exclude` names, and how many jobs they make, as far as that is written. */
export function* checkMatrix(outline: Outline, limit: number): Generator<Finding> {
  const budget = new CountBudget();
  let jobs = 0;
  for (const job of outline.jobs?.values() ?? []) {
    const matrix = valueAt(mappingAt(job.data, 'strategy'), 'matrix');
    if (!isJsonObject(matrix)) {
      jobs += 1;
      continue;
    }
    const path = [...job.path, 'strategy', 'matrix'];
    const isSound = yield* checkAxes(matrix, path);
    const count = isSound ? countCombinations(matrix, budget) : undefined;
    if (count !== undefined && (count === 0 || count > limit)) yield badCount(count, limit, path);
    else jobs += count ?? 1;
    if (jobs <= LIMITS.jobsAfterMatrix) continue;
    yield invalid(path, `with it the workflow has more than ${LIMITS.jobsAfterMatrix} jobs`, 'split it into several workflows', { atKey: true });
    return;
  }
}

/** Answers whether the rest can be trusted. */
function* checkAxes(matrix: JsonObject, path: DocumentPath): Generator<Finding, boolean> {
  const axes = Object.keys(matrix).filter((key) => !COMBINATION_KEYS.includes(key));
  let isSound = true;
  for (const axis of axes) {
    if (AXIS_NAME.test(axis)) {
      const meant = looksLikeCombinations(matrix, axis) ? suggestNear(axis, COMBINATION_KEYS) : undefined;
      if (meant === undefined) continue;
      yield { code: 'MATRIX_INVALID', severity: 'warning', message: `"${axis}" is an axis of the matrix`, hint: meant, path: [...path, axis], atKey: true };
      continue;
    }
    isSound = false;
    const problem = `${JSON.stringify(shorten(axis))} is not the name of an axis`;
    yield invalid([...path, axis], problem, 'letters, digits, "_" and "-", starting with a letter or "_", at most 64', { atKey: true });
  }
  if (axes.length > LIMITS.matrixAxes) {
    isSound = false;
    yield invalid(path, `it has ${axes.length} axes, more than ${LIMITS.matrixAxes}`, undefined, { atKey: true });
  }
  const exclude = valueAt(matrix, 'exclude');
  for (const [index, entry] of Array.isArray(exclude) ? exclude.entries() : []) {
    if (!isJsonObject(entry)) continue;
    if (Object.keys(entry).length === 0) {
      isSound = false;
      yield invalid([...path, 'exclude', index], 'this entry of "exclude" names no axis, and would leave nothing', 'name what is to be left out: { <axis>: <value> }');
    }
    for (const key of Object.keys(entry)) {
      if (axes.includes(key)) continue;
      isSound = false;
      yield invalid([...path, 'exclude', index, key], `"exclude" names "${shorten(key)}", which is no axis`, suggest(key, axes), { atKey: true });
    }
  }
  return isSound;
}

function looksLikeCombinations(matrix: JsonObject, axis: string): boolean {
  const values = valueAt(matrix, axis);
  return Array.isArray(values) && values.length > 0 && values.every(isJsonObject);
}

function badCount(count: number, limit: number, path: DocumentPath): Finding {
  if (count === 0) return invalid(path, 'it has no combination', 'give it an axis, or combinations under "include"', { atKey: true });
  const isTooMuch = count > LIMITS.jobsAfterMatrix;
  const problem = isTooMuch ? `it has more than ${LIMITS.jobsAfterMatrix} combinations` : `it has ${count} combinations, more than ${limit}`;
  return invalid(path, problem, isTooMuch ? 'use fewer axes or values' : 'use fewer axes or values, or allow more in the configuration', { atKey: true });
}

function invalid(path: DocumentPath, problem: string, hint: string | undefined, more: { atKey?: boolean } = {}): Finding {
  return report('MATRIX_INVALID', path, { details: { problem }, hint, ...more });
}
