import type { JsonObject, JsonValue, RunId } from '@kb-labs/contracts';
import { AppError, fromUnknown, hasCode } from '@kb-labs/errors';
import type { Redactor, Secrets } from '@kb-labs/ports';

import type { Decider } from './decider.js';
import type { EngineDeps } from './deps.js';
import { redactValue } from './redact-values.js';

/** Secrets by name, as far as they are there. They stay in the memory of this process. */
export interface ReadSecrets {
  readonly values: ReadonlyMap<string, string>;
  /** Fails with `SECRET_MISSING`, or as reading it did. */
  valueOf(name: string): string;
  readonly redactor: Redactor | undefined;
}

/** Reads what is there. What is not fails only those who want it. */
export async function readSecrets(secrets: Secrets | undefined, names: readonly string[]): Promise<ReadSecrets> {
  const values = new Map<string, string>();
  const problems = new Map<string, unknown>();
  await Promise.all(
    names.map(async (name) => {
      try {
        const value = await secrets?.get(name);
        if (value !== undefined) values.set(name, value);
      } catch (thrown) {
        problems.set(name, thrown);
      }
    }),
  );
  return {
    values,
    redactor: secrets === undefined ? undefined : await redactorFor(secrets, [...values.values()].toSorted()),
    valueOf: (name) => {
      if (problems.has(name)) throw fromUnknown(problems.get(name));
      const value = values.get(name);
      if (value === undefined) throw new AppError('SECRET_MISSING', { name, where: secrets?.whereOf(name) ?? 'nothing here gives secrets' });
      return value;
    },
  };
}

interface Made {
  readonly values: readonly string[];
  readonly redactor: Redactor | undefined;
}

/** The latest of each source: a large secret takes a second to be made ready for, and every job of a run asks for the same. */
const made = new WeakMap<Secrets, readonly Made[]>();
const KEPT = 8;

/** Most runs have no secrets, and then none of what finds them is loaded. */
async function redactorFor(secrets: Secrets, values: readonly string[]): Promise<Redactor | undefined> {
  if (values.length === 0) return undefined;
  const known = made.get(secrets)?.find((one) => one.values.length === values.length && one.values.every((value, index) => value === values[index]));
  if (known !== undefined) return known.redactor;
  const { createRedactor } = await import('./create-redactor.js');
  const redactor = createRedactor(values);
  made.set(secrets, [{ values, redactor }, ...(made.get(secrets) ?? [])].slice(0, KEPT));
  return redactor;
}

/** The `secrets` context. `valueOf` is asked for every name that is read. */
export function secretsContext(names: readonly string[] = [], valueOf: (name: string) => string): JsonObject {
  const context: JsonObject = {};
  for (const name of names) Object.defineProperty(context, name, { enumerable: true, get: () => valueOf(name) });
  return context;
}

/**
 * What stands for a secret wherever an expression is evaluated whose value is kept or compared. It is JSON, so that `fromJSON` takes
 * it as well as the value.
 */
export function referencesContext(names: readonly string[] = []): JsonObject {
  return secretsContext(names, (name) => `"*** (secrets.${name})"`);
}

/** What comes from outside for a run, without the secrets that its steps can be given. */
export async function withoutSecrets<Value extends JsonValue>(deps: Pick<EngineDeps, 'secrets'>, states: Pick<Decider, 'read'>, runId: RunId, value: Value): Promise<Value> {
  if (deps.secrets === undefined) return value;
  const names = await states.read(runId, ({ plan }) => plan.secrets).catch((thrown: unknown) => {
    // Whoever goes on says so in their own words.
    if (hasCode(thrown, 'RUN_NOT_FOUND')) return undefined;
    throw thrown;
  });
  if (names === undefined) return value;
  return redactValue((await readSecrets(deps.secrets, names)).redactor, value);
}
