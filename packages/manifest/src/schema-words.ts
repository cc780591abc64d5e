import {
  ARTIFACT_NAME,
  commandIdSchema,
  durationSchema,
  ENV_NAME,
  evidenceRefSchema,
  HEADER_NAME,
  OWN_ENV_NAME,
  INPUT_NAME,
  isJsonObject,
  JOB_ID,
  type JsonObject,
  type JsonValue,
  playbookManifestSchema,
  stepArtifactSchema,
  toolNameSchema,
  WHOLE_EXPRESSION,
  WORKFLOW_ID,
} from '@kb-labs/contracts';
import * as z from 'zod/mini';

/** What a value has to be, in words, from its JSON Schema. */
export function expectedWords(schema: JsonObject): string {
  const pattern = patternWords(schema);
  if (pattern !== undefined) return pattern;
  const choices = schema['enum'];
  if (Array.isArray(choices)) return `one of ${choices.map((choice) => JSON.stringify(choice)).join(', ')}`;
  if (Object.hasOwn(schema, 'const')) return JSON.stringify(schema['const']);
  const branches = schema['anyOf'] ?? schema['oneOf'];
  if (!Array.isArray(branches)) return typeWords(schema);
  return [...new Set(branches.filter(isJsonObject).map(expectedWords))].join(' or ');
}

/** Words for the pattern a schema, or one branch of its union, asks for. */
export function patternWords(schema: JsonObject): string | undefined {
  const { pattern } = schema;
  if (typeof pattern === 'string') return words().get(pattern) ?? `text of the form ${pattern}`;
  const branches = Array.isArray(schema['anyOf']) ? schema['anyOf'].filter(isJsonObject) : [];
  const patterns = branches.flatMap((branch) => (typeof branch['pattern'] === 'string' ? [branch['pattern']] : []));
  if (patterns.length === 0) return undefined;
  // The words for durations speak of the number beside the text, too.
  const whole = patterns.find((written) => written === patternOf(durationSchema));
  return whole === undefined ? branches.map(expectedWords).join(' or ') : words().get(whole);
}

let table: ReadonlyMap<string, string> | undefined;

/** Made on the first mistake: a correct document does not pay for it. */
function words(): ReadonlyMap<string, string> {
  table ??= new Map([
    [WORKFLOW_ID.source, 'lower-case letters, digits, ".", "_" and "-", starting with a letter or digit, at most 64'],
    [JOB_ID.source, 'letters, digits, "_" and "-", at most 64'],
    [INPUT_NAME.source, 'letters, digits, "_" and "-", starting with a letter or "_", at most 64'],
    [OWN_ENV_NAME.source, 'letters, digits and "_", not starting with a digit or "KB_", at most 128'],
    [ENV_NAME.source, 'letters, digits and "_", not starting with a digit, at most 128'],
    [HEADER_NAME.source, 'the name of a header, at most 64 characters'],
    [ARTIFACT_NAME.source, 'letters, digits, ".", "_", "-" and "/", starting with a letter, digit or "_", at most 255'],
    [patternOf(commandIdSchema), '"group:command" in lower case'],
    [patternOf(stepArtifactSchema.shape.source), '"outputs.<name>" or "file:<path in the workspace>"'],
    [patternOf(playbookManifestSchema.shape.version), 'letters, digits and ".+_-", starting with a letter or digit, at most 64'],
    [patternOf(evidenceRefSchema.shape.kind), 'lower-case letters, digits, "_" and "-", starting with a letter, at most 64'],
    [patternOf(toolNameSchema), '"shell", "@scope/package/group:command", or such a name with "*" for any characters but "/", or "*" for every tool'],
    [WHOLE_EXPRESSION.source, 'one expression "${{ … }}"'],
    [patternOf(durationSchema), 'a duration ("500ms", "30s", "10m", "2h", or a number of seconds)'],
  ]);
  return table;
}

function patternOf(schema: z.core.$ZodType): string {
  const json = z.toJSONSchema(schema) as JsonObject;
  const branches = Array.isArray(json['anyOf']) ? json['anyOf'].filter(isJsonObject) : [json];
  const pattern = branches.map((branch) => branch['pattern']).find((written) => typeof written === 'string');
  if (pattern === undefined) throw new Error('the schema has no pattern');
  return pattern;
}

const TYPE_WORDS: Readonly<Record<string, string>> = {
  string: 'text',
  number: 'a number',
  integer: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'a mapping',
  null: 'nothing',
};

/** The types a schema names, in words. */
export function typeWords(schema: JsonObject): string {
  const { type } = schema;
  const names: readonly JsonValue[] = Array.isArray(type) ? type : [type ?? 'something else'];
  return names.map((name) => TYPE_WORDS[String(name)] ?? String(name)).join(' or ');
}
