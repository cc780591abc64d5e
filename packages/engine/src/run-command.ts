import { formatUses, toIdempotencyKey, type ArtifactHandle, type JsonObject, type LogLevel, type LogStream, type PluginUses } from '@kb-labs/contracts';
import type { NewArtifact, StepOutcome } from '@kb-labs/ports';

import type { EngineDeps } from './deps.js';

export interface RunCommand {
  readonly uses: PluginUses;
  readonly input: JsonObject;
  readonly signal: AbortSignal;
  log(entry: { stream: LogStream; level: LogLevel; text: string }): void | Promise<void>;
  progress(fraction: number, note?: string): void;
  saveArtifact(artifact: NewArtifact): Promise<ArtifactHandle>;
}

/** A plugin command outside any run: one handler, nothing stored. */
export function runCommand(deps: Pick<EngineDeps, 'plugins' | 'ids' | 'workspace'>, command: RunCommand): Promise<StepOutcome> {
  const runId = deps.ids.runId();
  const place = { runId, job: 'command', attempt: 1, step: 'command' };
  return deps.plugins.run({
    ...place,
    workflowId: formatUses(command.uses),
    stepAttempt: 1,
    idempotencyKey: toIdempotencyKey(place),
    uses: command.uses,
    input: command.input,
    env: {},
    workspace: deps.workspace,
    permissions: {},
    consumed: [],
    signal: command.signal,
    log: (entry) => command.log(entry),
    progress: (fraction, note) => command.progress(fraction, note),
    saveArtifact: (artifact) => command.saveArtifact(artifact),
  });
}
