import { type DocumentPath, type Finding, IMAGE_REFERENCE, isJsonObject, type JsonObject, LIMITS, parseSize } from '@kb-labs/contracts';
import { hasExpression } from '@kb-labs/expressions';

import { mappingAt, type Outline, type StepOutline, valueAt } from './outline.js';
import { report } from './report.js';

/** Which modes take a key of `execution-target:`. */
const MODES_OF: Readonly<Record<string, readonly string[]>> = {
  image: ['container'],
  sandbox: ['subprocess'],
  memory: ['subprocess', 'container'],
  cpus: ['subprocess', 'container'],
  pids: ['subprocess', 'container'],
};

/** Targets whose keys say nothing together, and steps that cannot be where they are to run. */
export function* checkTargets(outline: Outline): Generator<Finding> {
  yield* checkTarget(mappingAt(outline.data, 'defaults'), ['defaults']);
  for (const job of outline.jobs?.values() ?? []) {
    yield* checkTarget(job.data, job.path);
    for (const step of job.steps) {
      yield* checkTarget(step.data, step.path);
      yield* checkOfStep(step);
    }
  }
}

function* checkTarget(data: JsonObject, path: DocumentPath): Generator<Finding> {
  const target = mappingAt(data, 'execution-target');
  const mode = valueAt(target, 'mode');
  if (typeof mode !== 'string') return;
  for (const [key, modes] of Object.entries(MODES_OF)) {
    if (!Object.hasOwn(target, key) || modes.includes(mode)) continue;
    const problem = `"${key}" means nothing where the mode is ${mode}`;
    yield report('INVALID_VALUE', [...path, 'execution-target', key], { details: { problem }, hint: `remove it, or write "mode: ${modes.join('" or "mode: ')}"`, atKey: true });
  }
  const memory = valueAt(target, 'memory');
  const bytes = typeof memory === 'string' || typeof memory === 'number' ? parseSize(memory) : undefined;
  if (bytes !== undefined && bytes < LIMITS.targetMemoryMinBytes) {
    const problem = 'no runtime starts with so little';
    yield report('INVALID_VALUE', [...path, 'execution-target', 'memory'], { details: { problem }, hint: 'write "64MiB" or more' });
  }
  const image = valueAt(target, 'image');
  if (typeof image !== 'string' || hasExpression(image) || IMAGE_REFERENCE.test(image)) return;
  const problem = 'it names no image';
  yield report('INVALID_VALUE', [...path, 'execution-target', 'image'], { details: { problem }, hint: 'write "name:tag" or "registry/name:tag", such as "node:22-slim"' });
}

function* checkOfStep({ data, path, target }: StepOutline): Generator<Finding> {
  const written = valueAt(data, 'execution-target');
  if (!isJsonObject(written)) return;
  const mode = valueAt(written, 'mode');
  if (Object.hasOwn(data, 'run') && (mode === 'in-process' || mode === 'worker-pool')) {
    const problem = 'a script is a process of its own';
    yield report('INVALID_VALUE', [...path, 'execution-target', 'mode'], { details: { problem }, hint: 'write "subprocess" or "container"' });
  }
  if (target === undefined || target.kind === 'plugin') return;
  const problem = target.kind === 'workflow' ? 'the steps of the workflow that is called say where they run' : 'the engine itself does this step';
  yield report('INVALID_VALUE', [...path, 'execution-target'], { details: { problem }, hint: 'remove it', atKey: true });
}
