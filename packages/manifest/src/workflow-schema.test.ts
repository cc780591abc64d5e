import { readdirSync, readFileSync } from 'node:fs';

import { CONTROL_NAMES, CONTROL_SHAPES, HOOKS, isJsonObject, type JsonObject, type JsonValue } from '@kb-labs/contracts';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, it } from 'vitest';

import { dataOf } from './located.js';
import { readDocument } from './read-document.js';
import { readWorkflow } from './read-workflow.js';
import { CONTROL_DESCRIPTIONS, DESCRIPTIONS } from './workflow-descriptions.js';
import { nodesAt, workflowJsonSchema } from './workflow-schema.js';

const FOLDER = new URL('../../../tooling/fixtures/diagnostics/', import.meta.url);

function* properties(schema: JsonValue, path: string): Generator<[string, JsonObject]> {
  if (!isJsonObject(schema)) return;
  const declared = isJsonObject(schema['properties']) ? schema['properties'] : {};
  for (const [key, property] of Object.entries(declared)) {
    if (!isJsonObject(property)) continue;
    yield [`${path}${key}`, property];
    yield* properties(property, `${path}${key}.`);
  }
  if (isJsonObject(schema['additionalProperties'])) yield* properties(schema['additionalProperties'], `${path}*.`);
  yield* properties(schema['items'] ?? null, `${path}[].`);
  for (const branch of [schema['anyOf'], schema['oneOf']].flatMap((branches) => (Array.isArray(branches) ? branches : []))) yield* properties(branch, path);
}

/** What an editor suggests at a place: the keys of every form it can have. */
function offeredKeys(schema: JsonObject): string[] {
  const branches = Array.isArray(schema['anyOf']) ? schema['anyOf'].filter(isJsonObject) : [];
  return [...Object.keys(isJsonObject(schema['properties']) ? schema['properties'] : {}), ...branches.flatMap(offeredKeys)];
}

describe('workflowJsonSchema', () => {
  it('is a schema of draft 2020-12 with an id and a title', () => {
    const schema = workflowJsonSchema();
    expect(schema['$schema']).toBe('https://json-schema.org/draft/2020-12/schema');
    expect(schema['$id']).toMatch(/^urn:/);
    expect(schema['title']).toBe('Workflow');
    expect(new Ajv2020({ strict: false }).validateSchema(schema)).toBe(true);
  });

  it('describes every key a document can have', () => {
    const missing = [...properties(workflowJsonSchema(), '')].filter(([, property]) => typeof property['description'] !== 'string');
    expect(missing.map(([path]) => path)).toEqual([]);
  });

  it('leads an editor to the keys inside of what can also be written as text', () => {
    const completed = {
      'jobs.*.strategy': ['matrix', 'fail-fast', 'max-parallel'],
      'jobs.*.strategy.matrix': ['include', 'exclude'],
      concurrency: ['group', 'cancel-in-progress', 'queue'],
      'jobs.*.concurrency': ['group', 'cancel-in-progress', 'queue'],
      'jobs.*.artifacts.merge.from.[]': ['run', 'job'],
      'on.workflow': ['ids', 'on'],
      'phases.*': ['label'],
    };
    for (const [path, keys] of Object.entries(completed)) {
      const offered = nodesAt(workflowJsonSchema(), path.split('.')).flatMap(offeredKeys);
      expect(offered, path).toEqual(keys);
    }
    const [own] = nodesAt(workflowJsonSchema(), ['jobs', '*', 'steps', '[]']);
    for (const hook of HOOKS) expect(nodesAt(workflowJsonSchema(), ['jobs', '*', 'hooks', hook, '[]'])).toEqual([own]);
  });

  it('knows what the steps of the engine itself take', () => {
    const validate = new Ajv2020({ strict: false }).compile(workflowJsonSchema());
    const accepts = (step: JsonObject) => validate({ id: 'w', jobs: { main: { steps: [step] } } });
    const approval = { title: 'Go?', approvers: '${{ fromJSON(inputs.people) }}', expires: '2h', 'prevent-self-approval': '${{ true }}' };
    expect(accepts({ uses: 'builtin:approval', with: approval })).toBe(true);
    expect(accepts({ uses: 'builtin:approval', with: { ...approval, titel: 'x' } })).toBe(false);
    expect(accepts({ uses: 'builtin:approval', with: { ...approval, approvers: 'ada' } })).toBe(false);
    expect(accepts({ uses: 'builtin:approval' })).toBe(false);
    expect(accepts({ uses: 'a/b:c', with: { titel: 'x' } })).toBe(true);
    for (const name of CONTROL_NAMES) expect(Object.keys(CONTROL_DESCRIPTIONS[name])).toEqual(Object.keys(CONTROL_SHAPES[name].input['properties'] ?? {}));
  });

  it('describes no key that does not exist', () => {
    const schema = workflowJsonSchema();
    for (const path of Object.keys(DESCRIPTIONS)) expect(nodesAt(schema, path === '' ? [] : path.split('.')), path).not.toEqual([]);
  });

  it('accepts every document that is read, and refuses every one that its schema refuses', () => {
    const validate = new Ajv2020({ strict: false }).compile(workflowJsonSchema());
    const seen = { accepted: 0, refused: 0 };
    for (const name of readdirSync(FOLDER).filter((file) => file.endsWith('.yml'))) {
      const source = { text: readFileSync(new URL(name, FOLDER), 'utf8'), file: name };
      const read = readWorkflow(source);
      const { root } = readDocument(source);
      if (root === undefined) continue;
      const accepted = validate(dataOf(root));
      if (read.ok) expect(accepted, name).toBe(true);
      if (read.diagnostics.some((diagnostic) => ['UNKNOWN_KEY', 'MISSING_KEY'].includes(diagnostic.code))) expect(accepted, name).toBe(false);
      seen[accepted ? 'accepted' : 'refused'] += 1;
    }
    expect(seen.accepted).toBeGreaterThan(10);
    expect(seen.refused).toBeGreaterThan(10);
  });

  it('is a new object each time', () => {
    expect(workflowJsonSchema()).toEqual(workflowJsonSchema());
    expect(workflowJsonSchema()).not.toBe(workflowJsonSchema());
  });
});
