import type { JsonObject, PlannedStep } from '@kb-labs/contracts';
import { AppError } from '@kb-labs/errors';
import { evaluateDeep } from '@kb-labs/expressions';
import { whyNotInEnvironment } from '@kb-labs/resolver';

import type { EngineDeps } from './deps.js';
import { evaluateEnv } from './evaluate-env.js';

/** What a step is called with. Evaluated before it is recorded as started: a bad expression never starts it. */
export interface StepInputs {
  readonly input: JsonObject;
  readonly env: Readonly<Record<string, string>>;
  /** What the step's own templates can read later on. */
  readonly contexts: JsonObject;
}

/** Evaluates a step's environment and `with:`. Fails with `EXPRESSION_FAILED`. */
export function evaluateStep(step: PlannedStep, contexts: JsonObject, deps: Pick<EngineDeps, 'files' | 'workspace'>): StepInputs {
  const hashFiles = (patterns: readonly string[]): string => deps.files.hash(deps.workspace, patterns);
  const around = (contexts['env'] ?? {}) as JsonObject;
  const env = evaluateEnv(around, step.env, contexts, { hashFiles });
  if (step.uses.kind === 'builtin' && step.uses.name === 'run') refuseUnfit(env);
  const own = { ...contexts, env };
  const input = evaluateDeep(step.with, { contexts: own, hashFiles }) as JsonObject;
  return { input, env: env as Record<string, string>, contexts: own };
}

/** A script gets its values through the environment: one that does not fit there is said before the script starts. */
export function refuseUnfit(env: Readonly<JsonObject>): void {
  for (const [name, value] of Object.entries(env)) {
    const problem = whyNotInEnvironment(String(value));
    if (problem !== undefined) throw new AppError('EXPRESSION_FAILED', { problem: `the value for ${name} cannot go to a script: ${problem}` });
  }
}
