import { DEFAULT_TENANT, formatUses, toIdempotencyKey, type ArtifactHandle, type JsonObject, type LogLevel, type LogStream, type PluginUses } from '@kb-labs/contracts';
import type { NewArtifact, Redactor, StepOutcome, StepSecrets } from '@kb-labs/ports';

import type { EngineDeps } from './deps.js';
import { readSecrets } from './read-secrets.js';
import { redactArtifact, redactError, redactValue } from './redact-values.js';

export interface RunCommand {
  readonly uses: PluginUses;
  readonly input: JsonObject;
  readonly signal: AbortSignal;
  log(entry: { stream: LogStream; level: LogLevel; text: string }): void | Promise<void>;
  progress(fraction: number, note?: string): void;
  saveArtifact(artifact: NewArtifact): Promise<ArtifactHandle>;
}

/**
 * A plugin command outside any run: one handler, nothing stored. Whoever asks for it lets it have the secrets that its permission
 * names, as far as they are there; they are taken out of what it leaves all the same.
 */
export async function runCommand(deps: Pick<EngineDeps, 'plugins' | 'ids' | 'workspace' | 'secrets'>, command: RunCommand): Promise<StepOutcome> {
  const runId = deps.ids.runId();
  const place = { runId, job: 'command', attempt: 1, step: 'command' };
  const { secrets, redactor } = await secretsFor(deps, command.uses);
  const placement = await deps.plugins.place({ uses: command.uses, signal: () => command.signal });
  if (!placement.ok) return { status: 'failed', error: redactError(redactor, placement.error), outputs: {}, retryable: placement.retryable };
  const outcome = await deps.plugins.run({
    tenant: DEFAULT_TENANT,
    placement,
    ...place,
    workflowId: formatUses(command.uses),
    stepAttempt: 1,
    idempotencyKey: toIdempotencyKey(place),
    uses: command.uses,
    input: command.input,
    env: {},
    ...(secrets === undefined ? {} : { secrets }),
    ...(redactor === undefined ? {} : { redactor }),
    workspace: deps.workspace,
    permissions: {},
    consumed: [],
    signal: command.signal,
    log: (entry) => command.log(redactor === undefined ? entry : { ...entry, text: redactor.text(entry.text) }),
    progress: (fraction, note) => command.progress(fraction, note === undefined ? undefined : (redactor?.text(note) ?? note)),
    saveArtifact: (artifact) => command.saveArtifact(redactArtifact(redactor, artifact)),
  });
  const outputs = redactValue(redactor, outcome.outputs);
  return outcome.status === 'failed' ? { ...outcome, outputs, error: redactError(redactor, outcome.error) } : { ...outcome, outputs };
}

async function secretsFor(deps: Pick<EngineDeps, 'plugins' | 'secrets'>, uses: PluginUses): Promise<{ secrets?: StepSecrets; redactor?: Redactor }> {
  const found = deps.secrets === undefined ? undefined : await deps.plugins.resolve(uses);
  const listed = found?.ok === true ? (found.command.permissions.secrets ?? []) : [];
  if (deps.secrets === undefined || listed.length === 0) return {};
  const { values, redactor } = await readSecrets(deps.secrets, listed);
  return { secrets: { listed, values: Object.fromEntries(values) }, ...(redactor === undefined ? {} : { redactor }) };
}
