import { type DocumentPath, type Finding, isJsonObject, type JsonObject } from '@kb-labs/contracts';
import { hasExpression } from '@kb-labs/expressions';

import { expressionPlaces, parsePlace } from './expression-places.js';
import { mappingAt, type Outline, valueAt } from './outline.js';
import { report } from './report.js';

/** Expressions that cannot be read, and expressions where nothing would evaluate them. */
export function* checkExpressions(outline: Outline): Generator<Finding> {
  for (const place of expressionPlaces(outline)) {
    for (const problem of parsePlace(place).problems) {
      const { code, message, hint, offset } = problem;
      yield report(code, place.path, { details: { problem: message }, hint, offset });
    }
  }
  yield* plainTexts(outline);
}

const PLAIN_OF_WORKFLOW = ['name', 'description', 'version'];

/** Names are shown as they are written. Whoever puts an expression there expects something else. */
function* plainTexts(outline: Outline): Generator<Finding> {
  yield* plainFields(outline.data, PLAIN_OF_WORKFLOW, []);
  for (const [name, input] of Object.entries(mappingAt(outline.data, 'inputs'))) {
    if (isJsonObject(input)) yield* plainFields(input, ['description', 'default'], ['inputs', name]);
  }
  for (const [id, phase] of Object.entries(mappingAt(outline.data, 'phases'))) {
    if (isJsonObject(phase)) yield* plainFields(phase, ['label'], ['phases', id]);
  }
  for (const job of outline.jobs?.values() ?? []) {
    yield* plainFields(job.data, ['name'], job.path);
    for (const step of job.steps) {
      yield* plainFields(step.data, ['name'], step.path);
      for (const name of Object.keys(mappingAt(step.data, 'artifacts'))) {
        const artifact = mappingAt(mappingAt(step.data, 'artifacts'), name);
        yield* plainFields(artifact, ['label', 'source'], [...step.path, 'artifacts', name]);
      }
    }
  }
}

function* plainFields(data: JsonObject, keys: readonly string[], path: DocumentPath): Generator<Finding> {
  for (const key of keys) {
    const value = valueAt(data, key);
    if (typeof value !== 'string' || !hasExpression(value)) continue;
    const message = `an expression in "${key}" is not evaluated`;
    yield { code: 'INVALID_VALUE', severity: 'warning', message, hint: 'write plain text here', path: [...path, key], offset: value.indexOf('${{') };
  }
}
