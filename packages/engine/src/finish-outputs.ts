import { LIMITS, type ArtifactHandle, type JsonObject, type JsonValue, type PlannedStep } from '@kb-labs/contracts';
import { AppError, hasCode } from '@kb-labs/errors';
import { evaluateTemplate } from '@kb-labs/expressions';
import type { NewArtifact, Redactor } from '@kb-labs/ports';

import { collectArtifacts } from './collect-artifacts.js';
import type { EngineDeps } from './deps.js';
import { redactValue } from './redact-values.js';

export type SaveArtifact = (artifact: NewArtifact) => Promise<ArtifactHandle>;

/** Applies `outputs:` and `artifacts:` of a step to what it returned, at once when there is nothing to store. `contexts` is what its own templates read. */
export function finishOutputs(
  deps: Pick<EngineDeps, 'files' | 'workspace'>,
  step: Pick<PlannedStep, 'id' | 'outputs' | 'artifacts'>,
  result: JsonObject,
  at: { contexts: JsonObject; saveArtifact: SaveArtifact; redactor?: Redactor },
): JsonObject | Promise<JsonObject> {
  const outputs = mapOutputs(step, result, at);
  const spill = (): JsonObject | Promise<JsonObject> => spillOutputs(step.id, outputs, at.saveArtifact);
  return Object.keys(step.artifacts).length === 0 ? spill() : collectArtifacts(deps, step.artifacts, outputs, at.saveArtifact).then(spill);
}

function mapOutputs(step: Pick<PlannedStep, 'outputs'>, result: JsonObject, { contexts, redactor }: { contexts: JsonObject; redactor?: Redactor }): JsonObject {
  const templates = Object.entries(step.outputs);
  if (templates.length === 0) return result;
  const scope = { contexts: { ...contexts, result } };
  return redactValue<JsonObject>(redactor, Object.fromEntries(templates.map(([name, template]) => [name, evaluateTemplate(template, scope)])));
}

/** What stands in for a value is not much shorter than this. */
const REFERENCE_CHARACTERS = 512;
const LABEL_CHARACTERS = 100;

/**
 * Outputs that are too large to be kept with the run: the largest values become artifacts `outputs/<step>/<name>`, with the
 * place of the output for a name that an artifact cannot have, and `{ artifact, digest, bytes }` stands in their place. Fails with `OUTPUT_TOO_LARGE` when that does not help.
 */
function spillOutputs(step: string, outputs: JsonObject, saveArtifact: SaveArtifact): JsonObject | Promise<JsonObject> {
  const members = Object.entries(outputs);
  if (members.length === 0) return outputs;
  const texts = new Map(members.map(([name, value]) => [name, JSON.stringify(value)]));
  // Braces, and for each member its name, a colon and, but for the last, a comma.
  const bytes = [...texts].reduce((sum, [name, text]) => sum + Buffer.byteLength(JSON.stringify(name)) + Buffer.byteLength(text) + 2, 1);
  return bytes <= LIMITS.outputBytes ? outputs : spillLargest(step, { outputs, texts, bytes }, saveArtifact);
}

interface Measured {
  readonly outputs: JsonObject;
  /** Each value as JSON. */
  readonly texts: ReadonlyMap<string, string>;
  readonly bytes: number;
}

async function spillLargest(step: string, { outputs, texts, bytes: before }: Measured, saveArtifact: SaveArtifact): Promise<JsonObject> {
  let bytes = before;
  const kept: Record<string, JsonValue> = { ...outputs };
  const places = new Map([...texts.keys()].map((name, index) => [name, index + 1]));
  const largest = [...texts].toSorted(([, a], [, b]) => b.length - a.length);
  for (const [name, text] of largest) {
    if (bytes <= LIMITS.outputBytes || text.length <= REFERENCE_CHARACTERS) break;
    const value = kept[name] ?? null;
    const isText = typeof value === 'string';
    const handle = await saveArtifact({
      name: `outputs/${step}/${fileName(name, places.get(name) ?? 0)}.${isText ? 'txt' : 'json'}`,
      type: isText ? 'text' : 'json',
      label: `Output ${name.slice(0, LABEL_CHARACTERS)}`,
      content: new TextEncoder().encode(isText ? value : text),
    });
    kept[name] = { artifact: handle.name, digest: handle.digest, bytes: handle.bytes };
    bytes += Buffer.byteLength(JSON.stringify(kept[name])) - Buffer.byteLength(text);
  }
  if (bytes > LIMITS.outputBytes) throw new AppError('OUTPUT_TOO_LARGE', { bytes, limit: LIMITS.outputBytes });
  return kept;
}

/** Outputs can have any name. No plain one has a dot, so that none is the same as a place. */
function fileName(output: string, place: number): string {
  return /^[A-Za-z0-9_-]{1,100}$/.test(output) ? output : `output.${place}`;
}

/** As `spillOutputs` for a step that did not succeed: how it ended matters more than outputs that cannot be kept. */
export async function spillIfPossible(step: string, outputs: JsonObject, saveArtifact: SaveArtifact): Promise<JsonObject> {
  try {
    return await spillOutputs(step, outputs, saveArtifact);
  } catch (thrown) {
    if (hasCode(thrown, 'OUTPUT_TOO_LARGE') || hasCode(thrown, 'ARTIFACT_INVALID')) return {};
    throw thrown;
  }
}
