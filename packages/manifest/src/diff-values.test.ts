import { readFileSync } from 'node:fs';

import type { JsonObject, JsonValue } from '@kb-labs/contracts';
import { canonicalJson } from '@kb-labs/digest';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { diffValues } from './diff-values.js';
import { readPlaybook } from './read-playbook.js';

const complete = readPlaybook({ text: readFileSync(new URL('../../../tooling/fixtures/playbooks/complete.yml', import.meta.url), 'utf8'), file: 'complete.yml' });
if (!complete.ok) throw new Error('the complete manifest is to be read');
const base = complete.value.data;

describe('the differences of two manifests', () => {
  it('are told by name, and nothing else is', () => {
    const [build, review] = base['phases'] as JsonObject[];
    const changed: JsonObject = {
      ...base,
      version: '1.5.0',
      inputs: [{ name: 'dry_run' }, ...(base['inputs'] as JsonObject[])],
      phases: [review ?? {}, { ...build, acceptance_criteria: ['all tests pass', 'no warnings'] }],
      tools: { ...(base['tools'] as JsonObject), deny: ['shell'] },
      required_evidence: [{ kind: 'approval' }],
      metadata: { team: 'platform', tries: 4, links: {}, 'a.b': true },
    };
    const { preconditions: _, ...without } = changed;
    expect(diffValues(base, without)).toEqual([
      { path: 'version', change: 'changed', from: '1.4.0', to: '1.5.0' },
      { path: 'inputs[dry_run]', change: 'added', from: null, to: { name: 'dry_run' } },
      { path: 'preconditions', change: 'removed', from: ['nobody else releases'], to: null },
      { path: 'phases[build].acceptance_criteria["no warnings"]', change: 'added', from: null, to: 'no warnings' },
      { path: 'phases', change: 'reordered', from: ['build', 'review'], to: ['review', 'build'] },
      { path: 'required_evidence[approval].description', change: 'removed', from: 'of the owner', to: null },
      { path: 'tools.deny["@kb-labs/notify-plugin/*:*"]', change: 'removed', from: '@kb-labs/notify-plugin/*:*', to: null },
      { path: 'tools.deny["shell"]', change: 'added', from: null, to: 'shell' },
      { path: 'metadata.tries', change: 'changed', from: 3, to: 4 },
      { path: 'metadata.links.board', change: 'removed', from: null, to: null },
      { path: 'metadata["a.b"]', change: 'added', from: null, to: true },
    ]);
  });

  it('are none exactly when the values are the same', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), (a, b) => {
        const [from, to] = [a, b] as [JsonValue, JsonValue];
        expect(diffValues(from, from)).toEqual([]);
        expect(diffValues(from, to).length === 0).toBe(canonicalJson(from) === canonicalJson(to));
      }),
    );
  });

  it('are found in lists whose items have no names, or one name twice, by their places', () => {
    expect(diffValues([1, 2], [1, 3, 4])).toEqual([
      { path: '[1]', change: 'changed', from: 2, to: 3 },
      { path: '[2]', change: 'added', from: null, to: 4 },
    ]);
    expect(diffValues(['a', 'a'], ['a'])).toEqual([{ path: '[1]', change: 'removed', from: 'a', to: null }]);
    expect(diffValues([{ name: 'a' }, { id: 1 }], [{ name: 'b' }, { id: 1 }])).toEqual([{ path: '[0].name', change: 'changed', from: 'a', to: 'b' }]);
  });
});
