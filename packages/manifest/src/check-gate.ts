import { type DocumentPath, type Finding, isJsonObject, type JsonValue } from '@kb-labs/contracts';
import { hasExpression } from '@kb-labs/expressions';

import { shorten } from './build-tree.js';
import { type JobOutline, mappingAt, type StepOutline, valueAt } from './outline.js';
import { report, suggest } from './report.js';

/** The routes of a gate: written out, and back to steps that stand before it. */
export function* checkGate(gate: StepOutline, job: JobOutline): Generator<Finding> {
  if (gate.hook !== undefined) {
    const problem = 'a gate sends the steps of a job back, and hooks are not among them';
    yield report('INVALID_VALUE', [...gate.path, 'uses'], { details: { problem }, hint: 'put it among the steps of the job' });
  }
  const given = mappingAt(gate.data, 'with');
  const path = [...gate.path, 'with'];
  const routes = valueAt(given, 'routes');
  if (isEvaluated(routes)) yield notFixed([...path, 'routes'], 'write the routes as a mapping');
  if (isJsonObject(routes) && Object.keys(routes).length === 0 && !Object.hasOwn(given, 'default')) {
    yield report('INVALID_VALUE', [...path, 'routes'], { details: { problem: 'a gate has at least one route' }, hint: 'add "<value>: continue", "<value>: fail" or "<value>: { restart-from: <step> }"', atKey: true });
  }
  for (const key of isJsonObject(routes) ? Object.keys(routes) : []) {
    if (hasExpression(key)) yield notFixed([...path, 'routes', key], 'a route is named by the value it is for', { atKey: true });
  }
  for (const { route, path: at } of routesOf(gate)) yield* checkRoute(route, at, { gate, job });
}

const known = new WeakMap<StepOutline, number>();

/** Index of the first step that a gate can send its job back to; infinity when it sends nothing back, or is no gate. */
export function restartsFrom(gate: StepOutline, job: JobOutline): number {
  const before = known.get(gate);
  if (before !== undefined) return before;
  const isGate = gate.target?.kind === 'builtin' && gate.target.name === 'gate';
  const targets = (isGate ? [...routesOf(gate)] : []).flatMap(({ route }) => {
    const step = isJsonObject(route) ? valueAt(route, 'restart-from') : undefined;
    const target = typeof step === 'string' ? job.stepIds.get(step) : undefined;
    return target === undefined || target.hook !== undefined ? [] : [target.index];
  });
  const first = targets.reduce((least, index) => Math.min(least, index), Number.POSITIVE_INFINITY);
  known.set(gate, first);
  return first;
}

interface WrittenRoute {
  readonly route: JsonValue;
  readonly path: DocumentPath;
}

/** Every route of a gate, `default` among them, as far as they can be read. */
function* routesOf(gate: StepOutline): Generator<WrittenRoute> {
  const given = mappingAt(gate.data, 'with');
  const path = [...gate.path, 'with'];
  for (const [value, route] of Object.entries(mappingAt(given, 'routes'))) yield { route, path: [...path, 'routes', value] };
  const fallback = valueAt(given, 'default');
  if (fallback !== undefined) yield { route: fallback, path: [...path, 'default'] };
}

function* checkRoute(route: JsonValue, path: DocumentPath, { gate, job }: { gate: StepOutline; job: JobOutline }): Generator<Finding> {
  if (isEvaluated(route)) {
    yield notFixed(path, 'write "continue", "fail" or "{ restart-from: <step> }", and decide with the value of "decision"');
    return;
  }
  const step = isJsonObject(route) ? valueAt(route, 'restart-from') : undefined;
  if (typeof step !== 'string' || gate.hook !== undefined) return;
  const at = [...path, 'restart-from'];
  if (hasExpression(step)) {
    yield notFixed(at, 'name the step');
    return;
  }
  const target = job.steps.find((one) => one.id === step);
  if (target !== undefined && target.hook === undefined && target.index < gate.index) return;
  const before = job.steps.filter((one) => one.hook === undefined && one.index < gate.index).map((one) => one.id);
  yield report('RESTART_UNKNOWN', at, { details: { step: shorten(step) }, hint: target === undefined ? suggest(step, before) : undefined });
}

function isEvaluated(value: JsonValue | undefined): boolean {
  return typeof value === 'string' && hasExpression(value);
}

function notFixed(path: DocumentPath, hint: string, more: { atKey?: boolean } = {}): Finding {
  return report('INVALID_VALUE', path, { details: { problem: 'where a gate leads is fixed' }, hint, ...more });
}
