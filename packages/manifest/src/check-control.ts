import { CONTROL_SHAPES, type ControlName, type DocumentPath, type Finding, formatDuration, isJsonObject, type JsonObject, type JsonValue, LIMITS, parseDuration } from '@kb-labs/contracts';
import { assertNever } from '@kb-labs/errors';
import { hasExpression } from '@kb-labs/expressions';

import { checkApprovalForm } from './check-approval-form.js';
import { checkGate } from './check-gate.js';
import { checkSchema } from './check-schema.js';
import { isInstant } from './instant.js';
import { type JobOutline, type Outline, type StepOutline, valueAt } from './outline.js';
import { describeValue, report } from './report.js';

/** `with:` of the engine's own steps: against their shapes, and what a schema cannot say about them. */
export function* checkControl(outline: Outline): Generator<Finding> {
  for (const job of outline.jobs?.values() ?? []) {
    for (const step of job.steps) {
      const { target } = step;
      if (target?.kind === 'builtin' && target.name !== 'run') yield* checkStep(target.name, step, job);
    }
  }
}

function* checkStep(name: ControlName, step: StepOutline, job: JobOutline): Generator<Finding> {
  const written = valueAt(step.data, 'with');
  if (written !== undefined && !isJsonObject(written)) return;
  const given = written ?? {};
  const path = [...step.path, 'with'];
  const schema = CONTROL_SHAPES[name].input;
  for (const finding of checkSchema(schema, given, { root: schema, path, evaluated: true })) {
    yield written === undefined ? { ...finding, path: [...step.path, 'uses'] } : finding;
  }
  const at = { given, path: written === undefined ? [...step.path, 'uses'] : path };
  switch (name) {
    case 'approval':
      yield* checkWritten(given, 'expires', path);
      yield* checkApprovalForm(valueAt(given, 'form'), [...path, 'form']);
      return;
    case 'gate':
      yield* checkGate(step, job);
      return;
    case 'sleep':
      yield* checkSleep(at);
      return;
    case 'wait':
      yield* checkWait(at);
      return;
    default:
      assertNever(name);
  }
}

interface Given {
  readonly given: JsonObject;
  /** Of `with`, or of what stands for it when there is none. */
  readonly path: DocumentPath;
}

function* checkSleep({ given, path }: Given): Generator<Finding> {
  yield* checkOneOf(['for', 'until'], { given, path }, 'say how long: "for: 10m" or "until: <instant>"');
  yield* checkWritten(given, 'for', path);
  const until = valueAt(given, 'until');
  if (typeof until !== 'string' || hasExpression(until) || isInstant(until)) return;
  const problem = `expected an instant, found ${describeValue(until)}`;
  yield report('INVALID_VALUE', [...path, 'until'], { details: { problem }, hint: 'write date, time and offset: "2030-01-31T09:00:00Z"' });
}

function* checkWait({ given, path }: Given): Generator<Finding> {
  yield* checkOneOf(['signal', 'callback'], { given, path }, 'say for what: "signal: <name>" or "callback: true"');
  if (valueAt(given, 'callback') === false) {
    yield report('INVALID_VALUE', [...path, 'callback'], { details: { problem: 'nothing is waited for' }, hint: 'write "callback: true", or remove the key' });
  }
  yield* checkWritten(given, 'timeout', path);
}

function* checkOneOf(keys: readonly [string, string], { given, path }: Given, hint: string): Generator<Finding> {
  const written = Object.keys(given).filter((key) => keys.includes(key));
  const [, second] = written;
  if (written.length === 0) yield report('WITH_INVALID', path, { details: { problem: `one of "${keys.join('" and "')}" is missing` }, hint, atKey: true });
  else if (second !== undefined) {
    const problem = `"${keys.join('" and "')}" exclude each other`;
    yield report('WITH_INVALID', [...path, second], { details: { problem }, hint: 'remove one of them', atKey: true });
  }
}

/** A duration that is not evaluated. */
function* checkWritten(given: JsonObject, key: string, path: DocumentPath): Generator<Finding> {
  const written = valueAt(given, key);
  if (written === undefined || !isDurationLike(written) || (typeof written === 'string' && hasExpression(written))) return;
  const ms = parseDuration(written);
  const at = [...path, key];
  if (ms === undefined || ms < 0) {
    const problem = `expected a duration, found ${describeValue(written)}`;
    yield report('INVALID_VALUE', at, { details: { problem }, hint: 'write "500ms", "30s", "10m", "2h", or a number of seconds' });
  } else if (ms > LIMITS.waitMaxMs) {
    const problem = `the duration is longer than ${formatDuration(LIMITS.waitMaxMs)}`;
    yield report('INVALID_VALUE', at, { details: { problem }, ...(typeof written === 'number' ? { hint: 'a number is in seconds' } : {}) });
  } else if (ms === 0 && key !== 'for') {
    yield report('INVALID_VALUE', at, { details: { problem: 'a wait of 0 is over at once' }, hint: 'leave the key out to wait as long as it takes' });
  }
}

function isDurationLike(value: JsonValue): value is string | number {
  return typeof value === 'string' || typeof value === 'number';
}
