import { isJsonObject, type JsonObject, type JsonValue, pluginManifestSchema, workflowSchema } from '@kb-labs/contracts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';

import { checkSchema } from './check-schema.js';

function messages(schema: JsonObject, value: JsonValue): string[] {
  return [...checkSchema(schema, value, { root: schema, path: [] })].map((finding) => `${finding.path.join('.')}: ${finding.message}`);
}

const WORKFLOW: JsonObject = {
  id: 'a',
  on: { manual: true },
  inputs: { level: { type: 'choice', options: ['x'], default: 'x' }, data: { type: 'json', default: [1, { a: null }] } },
  env: { A: 1 },
  permissions: { shell: ['sh'], fs: { read: ['**'] } },
  defaults: { timeout: '1m', retry: { max: 1, on: ['X'] }, run: { shell: 'sh' } },
  jobs: {
    one: {
      needs: ['two'],
      if: true,
      steps: [{ id: 's', uses: 'a/b:c', with: { x: [1] }, artifacts: { r: { type: 'json', source: 'outputs.x' } }, retry: { max: 1, initial: 3 } }],
    },
    two: { steps: [{ run: 'x', 'on-interrupt': 'fail' }] },
  },
};

const PLUGIN: JsonObject = {
  schema: 1,
  id: 'p',
  version: '1.0.0',
  commands: [{ id: 'a:b', describe: 'd', input: {}, output: {}, permissions: { shell: true }, handler: './a.js#run' }],
};

/** Paths to every value of a document, the document itself left out. */
function pathsOf(value: JsonValue, path: readonly (string | number)[] = []): (string | number)[][] {
  const entries = Array.isArray(value) ? [...value.entries()] : isJsonObject(value) ? Object.entries(value) : [];
  return entries.flatMap(([key, item]) => [[...path, key], ...pathsOf(item, [...path, key])]);
}

function edited(value: JsonValue, path: readonly (string | number)[], edit: (parent: JsonObject, key: string) => void): JsonValue {
  const copy = structuredClone(value);
  let parent: JsonValue = copy;
  for (const step of path.slice(0, -1)) parent = (parent as JsonObject)[String(step)] ?? null;
  edit(parent as JsonObject, String(path.at(-1)));
  return copy;
}

describe('checkSchema', () => {
  it.each([
    ['workflow', workflowSchema, WORKFLOW],
    ['plugin', pluginManifestSchema, PLUGIN],
  ] as const)('finds a mistake in a %s exactly when its schema refuses it', (_name, schema, valid) => {
    const json = z.toJSONSchema(schema) as JsonObject;
    expect(schema.safeParse(valid).success).toBe(true);
    const wrong = fc.constantFrom<JsonValue>(null, '', 'x', 'a b', -1, 1.5, 99, true, [], [1], {}, { a: 1 }, { type: 'string' }, '1s', ['x'], 'x'.repeat(300));
    const key = fc.constantFrom('x', 'name', 'a b', 'type', 'default', 'constructor');
    fc.assert(
      fc.property(fc.constantFrom(...pathsOf(valid)), wrong, key, fc.constantFrom('replace', 'remove', 'add'), (path, value, name, how) => {
        const data = edited(valid, path, (parent, last) => {
          if (how === 'replace') parent[last] = value;
          else if (Array.isArray(parent)) parent.push(value);
          else if (how === 'remove') delete parent[last];
          else parent[name] = value;
        });
        const found = messages(json, data);
        expect(found.length === 0, JSON.stringify({ data, found })).toBe(schema.safeParse(data).success);
      }),
      { numRuns: 1_500 },
    );
  });

  it('says what was expected and found in words', () => {
    const schema = z.toJSONSchema(z.strictObject({ n: z.int().min(1).max(3), t: z.string().max(2), l: z.array(z.string()).max(1), o: z.record(z.string(), z.string()) })) as JsonObject;
    expect(messages(schema, { n: 1.5, t: 'abc', l: ['a', 'b'], o: { a: 1 } })).toEqual([
      'n: expected a whole number, found the number 1.5',
      't: the value is not accepted: the text is longer than 2 characters',
      'l: the value is not accepted: the list has 2 items, more than 1',
      'o.a: expected text, found the number 1',
    ]);
    expect(messages(schema, { n: 0, t: '', l: [], o: {} })).toEqual(['n: the value is not accepted: 0 is below 1']);
  });
});
