import type { Checked, JsonValue } from '@kb-labs/contracts';
import type * as z from 'zod/mini';

import { collectDiagnostics, readData } from './collect-diagnostics.js';
import { explainMisfit } from './explain-misfit.js';
import type { Source } from './read-document.js';

/** Reads a document by the schema of its kind, with the same limits and diagnostics as a workflow. `content` says what belongs into it, for an empty one. */
export function readSettings<Settings>(source: Source, schema: z.ZodMiniType<Settings>, content: string): Checked<Settings> {
  const { document, data } = readData(source, content);
  if (data === undefined) return { ok: false, diagnostics: collectDiagnostics(document, []) };
  const parsed = schema.safeParse(data);
  const diagnostics = collectDiagnostics(document, findings(schema, data, parsed.success));
  if (!parsed.success || diagnostics.some((diagnostic) => diagnostic.severity === 'error')) return { ok: false, diagnostics };
  return { ok: true, value: parsed.data, diagnostics };
}

function findings(schema: z.ZodMiniType, data: JsonValue, fits: boolean): ReturnType<typeof explainMisfit> | [] {
  return fits ? [] : explainMisfit(schema, data);
}
