import { type Checked, type Diagnostic, type DocumentPath, type Finding, FLOW_KEY, isJsonObject, type JsonObject, type JsonValue, PLAYBOOK_DIGEST_TYPE, type PlaybookManifest, playbookManifestSchema } from '@kb-labs/contracts';
import { contentDigest } from '@kb-labs/digest';

import { collectDiagnostics, readData } from './collect-diagnostics.js';
import { explainMisfit } from './explain-misfit.js';
import { locateFinding } from './locate.js';
import { mappingAt, valueAt } from './outline.js';
import type { Source } from './read-document.js';
import { report } from './report.js';

/** A manifest that passed every check that needs nothing but its text. */
export interface PlaybookDocument {
  readonly manifest: PlaybookManifest;
  /** As written: what the digest is of. */
  readonly data: JsonObject;
  /** Of the data as written: layout, comments and the choice of YAML or JSON do not change it. */
  readonly digest: string;
  readonly file: string;
  /** Gives a finding of a later check its place. */
  locate(finding: Finding): Diagnostic;
}

/** Reads the manifest of a playbook from YAML, or from JSON if the file name ends in `.json`. */
export function readPlaybook(source: Source): Checked<PlaybookDocument> {
  const { document, data } = readData(source, 'a playbook has at least "playbook_id", "version", "title" and "objective"');
  if (data === undefined) return { ok: false, diagnostics: collectDiagnostics(document, []) };
  const parsed = playbookManifestSchema.safeParse(data);
  const diagnostics = collectDiagnostics(document, findings(data, parsed.success));
  if (!parsed.success || !isJsonObject(data) || diagnostics.some(({ severity }) => severity === 'error')) return { ok: false, diagnostics };
  return {
    ok: true,
    value: { manifest: parsed.data, data, digest: playbookDigest(data), file: document.file, locate: (finding) => locateFinding(document, finding) },
    diagnostics,
  };
}

/** Names a manifest by what it says. */
export function playbookDigest(manifest: JsonObject): string {
  return contentDigest(PLAYBOOK_DIGEST_TYPE, manifest);
}

function* findings(data: JsonValue, fitsSchema: boolean): Generator<Finding> {
  if (!fitsSchema) yield* explainMisfit(playbookManifestSchema, data);
  if (!isJsonObject(data)) return;
  yield* checkUnique(data, { list: 'inputs', key: 'name', called: 'input' });
  yield* checkUnique(data, { list: 'roles', key: 'role_id', called: 'role' });
  yield* checkUnique(data, { list: 'phases', key: 'phase_id', called: 'phase' });
  yield* checkEvidence(valueAt(data, 'required_evidence'), ['required_evidence']);
  const phases = valueAt(data, 'phases');
  for (const [index, phase] of Array.isArray(phases) ? phases.entries() : []) {
    if (isJsonObject(phase)) yield* checkEvidence(valueAt(phase, 'required_evidence'), ['phases', index, 'required_evidence']);
  }
  yield* checkTools(mappingAt(data, 'tools'));
  yield* checkScopes(mappingAt(data, 'scopes'));
  yield* checkReserved(valueAt(data, 'metadata'), ['metadata']);
}

function* checkUnique(data: JsonObject, { list, key, called }: { list: string; key: string; called: string }): Generator<Finding> {
  const items = valueAt(data, list);
  const seen = new Set<string>();
  for (const [index, item] of Array.isArray(items) ? items.entries() : []) {
    const name = isJsonObject(item) ? valueAt(item, key) : undefined;
    if (typeof name !== 'string') continue;
    if (seen.has(name)) yield report('INVALID_VALUE', [list, index, key], { details: { problem: `there are two of the ${called} "${name}"` }, hint: 'rename one of them' });
    seen.add(name);
  }
}

/** The same requirement twice says nothing more. */
function* checkEvidence(items: JsonValue | undefined, path: DocumentPath): Generator<Finding> {
  const seen = new Set<string>();
  for (const [index, item] of Array.isArray(items) ? items.entries() : []) {
    if (!isJsonObject(item)) continue;
    const { kind, id } = item;
    if (typeof kind !== 'string') continue;
    const name = typeof id === 'string' ? `${kind} ${id}` : kind;
    if (seen.has(name)) yield report('INVALID_VALUE', [...path, index], { details: { problem: `the evidence "${name}" is required twice` }, hint: 'remove one of them' });
    seen.add(name);
  }
}

function* checkTools(tools: JsonObject): Generator<Finding> {
  const deny = valueAt(tools, 'deny');
  const allow = valueAt(tools, 'allow');
  for (const [index, tool] of Array.isArray(allow) ? allow.entries() : []) {
    if (!Array.isArray(deny) || !deny.includes(tool)) continue;
    yield report('INVALID_VALUE', ['tools', 'allow', index], { details: { problem: `"${String(tool)}" is denied as well, which decides` }, hint: 'remove it from one of the lists' });
  }
  if (valueAt(tools, 'enforce') !== true || Array.isArray(allow) || Array.isArray(deny)) return;
  yield report('INVALID_VALUE', ['tools', 'enforce'], { details: { problem: 'there is nothing to enforce' }, hint: 'name tools under "allow" or "deny"' });
}

const REQUIRED_SCOPES: Readonly<Record<string, { readonly form: RegExp; readonly hint: string }>> = {
  required_capability_scope: {
    form: /^(?:permission:(?:read|run|write|approve|admin)|service:(?:llm|storage)|plugin:@?[a-z0-9~-][a-z0-9._~/-]*)$/,
    hint: 'write "permission:run", "service:llm" or "plugin:@scope/package"',
  },
  required_credential_scope: { form: /^secret:[A-Za-z_][A-Za-z0-9_]{0,127}$/, hint: 'write "secret:NAME"' },
};

/** Scopes that are required are looked for when a flow starts: what cannot be found would never start. The others are words for people. */
function* checkScopes(scopes: JsonObject): Generator<Finding> {
  for (const [key, { form, hint }] of Object.entries(REQUIRED_SCOPES)) {
    const items = valueAt(scopes, key);
    for (const [index, item] of Array.isArray(items) ? items.entries() : []) {
      if (typeof item !== 'string' || form.test(item)) continue;
      yield report('INVALID_VALUE', ['scopes', key, index], { details: { problem: `nothing can be looked for under "${item.slice(0, 80)}"` }, hint });
    }
  }
}

/** Metadata travel with flows. Documents are of bounded depth: calls in calls are. */
function* checkReserved(value: JsonValue | undefined, path: DocumentPath): Generator<Finding> {
  if (typeof value !== 'object' || value === null) return;
  for (const [key, item] of Array.isArray(value) ? value.entries() : Object.entries(value)) {
    const at = [...path, key];
    if (key === FLOW_KEY) yield report('RESERVED_KEY', at, { details: { key, path: at.join('.') }, hint: 'leave it out', atKey: true });
    else yield* checkReserved(item, at);
  }
}
