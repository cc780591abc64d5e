import { type JsonObject, type PlannedJob, type PlannedStep, type PluginUses, type RunError, type RunState } from '@kb-labs/contracts';
import type { Redactor, StepSecrets } from '@kb-labs/ports';

import type { EngineDeps } from './deps.js';
import { refuseUnfit, type StepInputs } from './evaluate-step.js';
import { readSecrets, type ReadSecrets, secretsContext } from './read-secrets.js';
import { redactError } from './redact-values.js';
import { runsCode } from './runs-code.js';

/** What a step is called with, and what has to be taken out of everything it leaves. */
export interface GivenStep {
  readonly inputs: StepInputs;
  readonly secrets?: StepSecrets;
  readonly redactor?: Redactor;
}

interface GiveStep {
  readonly state: RunState;
  readonly job: PlannedJob;
  /** Of the combination, when the job has a matrix. */
  readonly jobKey: string;
  readonly step: PlannedStep;
  readonly stepAttempt: number;
  /** Evaluates with these `secrets` contexts: that of the job's `env`, and that of the step. */
  readonly evaluate: (secrets: { readonly job: JsonObject; readonly step: JsonObject }) => StepInputs;
}

type Deps = Pick<EngineDeps, 'secrets' | 'plugins' | 'records' | 'clock'>;

/** Whether what a step is called with can hold the value of a secret. */
export function canHoldSecrets(job: PlannedJob, step: PlannedStep): boolean {
  return runsCode(step) && (step.secrets !== undefined || job.secrets !== undefined);
}

/**
 * The secrets of one hand-out of a job, read once: those of the whole run are taken out of what its steps leave, for what one step
 * was given can turn up in another. A run without secrets reads nothing.
 */
export class JobSecrets {
  readonly #deps: Deps;
  readonly #names: readonly string[];
  #read: Promise<ReadSecrets> | undefined;

  constructor(deps: Deps, plan: { readonly secrets?: readonly string[] }) {
    this.#deps = deps;
    this.#names = plan.secrets ?? [];
  }

  async redactor(): Promise<Redactor | undefined> {
    return this.#names.length === 0 ? undefined : (await this.#values()).redactor;
  }

  async redactError(error: RunError): Promise<RunError> {
    return redactError(await this.redactor(), error);
  }

  /**
   * What a step is called with: as it is evaluated already, when nothing secret can be in it; else evaluated here with the values
   * of its secrets, and recorded which it was given. At once in a run without secrets. Fails with `SECRET_MISSING`,
   * `SECRET_UNUSABLE` or `SECRETS_UNREADABLE` before it has begun.
   */
  give(inputs: StepInputs | undefined, command: GiveStep): GivenStep | Promise<GivenStep> {
    if (inputs === undefined || canHoldSecrets(command.job, command.step)) return this.#giveSecrets(command);
    return this.#names.length === 0 ? { inputs } : this.#giveRedacted(inputs);
  }

  async #giveRedacted(inputs: StepInputs): Promise<GivenStep> {
    const redactor = await this.redactor();
    return { inputs, ...(redactor === undefined ? {} : { redactor }) };
  }

  async #giveSecrets(command: GiveStep): Promise<GivenStep> {
    const { job, step, evaluate } = command;
    const read = await this.#values();
    const used = new Set<string>();
    const take = (name: string): string => {
      used.add(name);
      return read.valueOf(name);
    };
    const evaluated = evaluate({ job: secretsContext(job.secrets, take), step: secretsContext(step.secrets, take) });
    const listed = step.secrets ?? [];
    const { inputs, values } = step.uses.kind === 'plugin'
      ? { inputs: evaluated, values: await this.#forHandler(step.uses, listed, take) }
      : { inputs: { ...evaluated, env: forScript(evaluated.env, listed, take) }, values: {} };
    if (used.size > 0) await this.#record(command, [...used].toSorted());
    return { inputs, secrets: { listed, values }, ...(read.redactor === undefined ? {} : { redactor: read.redactor }) };
  }

  /** What the command's own permission names; without a name that is there twice over. */
  async #forHandler(uses: PluginUses, listed: readonly string[], take: (name: string) => string): Promise<Readonly<Record<string, string>>> {
    if (listed.length === 0) return {};
    const found = await this.#deps.plugins.resolve(uses);
    const named = found.ok ? (found.command.permissions.secrets ?? []) : [];
    return Object.fromEntries(listed.filter((name) => named.includes(name)).map((name) => [name, take(name)]));
  }

  async #record({ state, jobKey, step, stepAttempt }: GiveStep, names: readonly string[]): Promise<void> {
    const { recordAudit } = await import('./record-audit.js');
    const { id, tenant, trigger } = state;
    const details = { run: id, job: jobKey, step: step.id, try: stepAttempt, secrets: [...names] };
    await recordAudit(this.#deps, { actor: trigger.actor ?? 'unknown', tenant, action: 'secret.use', target: names.join(', '), outcome: 'done', details });
  }

  #values(): Promise<ReadSecrets> {
    return (this.#read ??= readSecrets(this.#deps.secrets, this.#names));
  }
}

/** A script has what the document lists under its own name, unless its `env` says otherwise. */
function forScript(env: StepInputs['env'], listed: readonly string[], take: (name: string) => string): StepInputs['env'] {
  const all = { ...Object.fromEntries(listed.filter((name) => !Object.hasOwn(env, name)).map((name) => [name, take(name)])), ...env };
  refuseUnfit(all);
  return all;
}
