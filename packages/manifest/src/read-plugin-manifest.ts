import { type Checked, type Finding, isJsonObject, type JsonObject, type JsonValue, type PluginManifest, pluginManifestSchema } from '@kb-labs/contracts';

import { collectDiagnostics, readData } from './collect-diagnostics.js';
import { explainMisfit } from './explain-misfit.js';
import { valueAt } from './outline.js';
import type { Source } from './read-document.js';
import { report } from './report.js';

/** Reads the built manifest of a plugin package. */
export function readPluginManifest(source: Source): Checked<PluginManifest> {
  const { document, data } = readData(source, 'a plugin manifest has "schema", "id", "version" and "commands"');
  if (data === undefined) return { ok: false, diagnostics: collectDiagnostics(document, []) };
  const parsed = pluginManifestSchema.safeParse(data);
  const diagnostics = collectDiagnostics(document, findings(data, parsed.success));
  if (!parsed.success || diagnostics.some((diagnostic) => diagnostic.severity === 'error')) return { ok: false, diagnostics };
  return { ok: true, value: parsed.data, diagnostics };
}

function* findings(data: JsonValue, fitsSchema: boolean): Generator<Finding> {
  if (!fitsSchema) yield* explainMisfit(pluginManifestSchema, data);
  if (isJsonObject(data)) yield* duplicateCommands(data);
}

function* duplicateCommands(data: JsonObject): Generator<Finding> {
  const commands = valueAt(data, 'commands');
  if (!Array.isArray(commands)) return;
  const seen = new Set<JsonValue>();
  for (const [index, command] of commands.entries()) {
    const id = isJsonObject(command) ? valueAt(command, 'id') : undefined;
    if (typeof id !== 'string') continue;
    if (seen.has(id)) yield report('INVALID_VALUE', ['commands', index, 'id'], { details: { problem: `the command "${id}" is declared twice` }, hint: 'rename one of them' });
    seen.add(id);
  }
}
