import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';

import type { JsonObject, JsonValue } from '@kb-labs/contracts';
import { canonicalJson, contentDigest } from '@kb-labs/digest';
import { describe, expect, it } from 'vitest';

import { playbookDigest, readPlaybook } from './read-playbook.js';
import { type Random, randomOf, rewriteAsJson, rewriteAsYaml } from './rewrite.fixture.js';

const PLAYBOOKS = JSON.parse(readFileSync(new URL('../../../tooling/fixtures/digest/playbooks.json', import.meta.url), 'utf8')) as readonly { readonly digest: string; readonly manifest: JsonObject }[];

/** Of each manifest. Reading YAML takes ten times as long as reading JSON with places, and that ten times as long as without. */
const REWRITES = { yaml: 25, json: 125, bare: 850 } as const;

describe('the digest of a playbook', () => {
  it('is pinned for 40 manifests, which all differ', () => {
    expect(PLAYBOOKS.length).toBe(40);
    for (const { manifest, digest } of PLAYBOOKS) expect(playbookDigest(manifest), String(manifest['title'])).toBe(digest);
    expect(new Set(PLAYBOOKS.map(({ digest }) => digest)).size).toBe(40);
  });

  it('has the type inside the hashed bytes', () => {
    for (const { manifest, digest } of PLAYBOOKS) {
      const bytes = `{"type":"playbook","value":${canonicalJson(manifest)}}`;
      expect(`sha256:${createHash('sha256').update(bytes).digest('hex')}`).toBe(digest);
      for (const other of ['workflow', 'Playbook', 'playbook ']) expect(contentDigest(other, manifest)).not.toBe(digest);
      expect(`sha256:${createHash('sha256').update(canonicalJson(manifest)).digest('hex')}`).not.toBe(digest);
    }
  });
});

describe('1,000 rewrites of 40 manifests', () => {
  it('have the same digest as YAML, in whatever layout', () => {
    const texts = everyRewrite(REWRITES.yaml, 1, rewriteAsYaml);
    for (const { text, digest } of texts) expect(digestOf(text, 'playbook.yml'), text).toBe(digest);
    expect(differ(texts)).toBe(40 * REWRITES.yaml);
  });

  it('have the same digest as JSON, in whatever layout', () => {
    const texts = everyRewrite(REWRITES.json, 2, rewriteAsJson);
    for (const { text, digest } of texts) expect(digestOf(text, 'playbook.json'), text).toBe(digest);
    expect(differ(texts)).toBe(40 * REWRITES.json);
  });

  it('have the same digest as JSON that another reader has read', () => {
    let seen = 0;
    for (const { text, digest } of everyRewrite(REWRITES.bare, 3, rewriteAsJson)) {
      if (playbookDigest(JSON.parse(text) as JsonObject) !== digest) throw new Error(`another digest: ${text}`);
      seen += 1;
    }
    expect(seen).toBe(40 * REWRITES.bare);
  });

  it('are a thousand of each', () => {
    expect(REWRITES.yaml + REWRITES.json + REWRITES.bare).toBe(1_000);
  });
});

describe('a change of a manifest', () => {
  it('of any leaf, key or element gives another digest', () => {
    let changes = 0;
    for (const { manifest, digest } of PLAYBOOKS) {
      const digests = new Set([digest]);
      const changed = mutationsOf(manifest);
      for (const one of changed) digests.add(contentDigest('playbook', one));
      expect(digests.size, String(manifest['title'])).toBe(new Set([manifest, ...changed].map((one) => JSON.stringify(sorted(one)))).size);
      expect(digests.size).toBeGreaterThan(8);
      changes += digests.size - 1;
    }
    expect(changes).toBeGreaterThan(2_000);
  });

  it('is found through text as well: nothing that is read is lost on the way', () => {
    for (const [index, { manifest, digest }] of PLAYBOOKS.entries()) {
      const other = { ...manifest, objective: `${String(manifest['objective'])} ` };
      for (const text of [rewriteAsYaml(other, randomOf(index)), rewriteAsJson(other, randomOf(index))]) {
        const found = digestOf(text, text.trimStart().startsWith('{') ? 'playbook.json' : 'playbook.yml');
        expect(found, text).toBe(playbookDigest(other));
        expect(found).not.toBe(digest);
      }
    }
  });
});

type Rewrite = (value: JsonValue, random: Random) => string;

function everyRewrite(count: number, seed: number, rewrite: Rewrite): Iterable<{ readonly text: string; readonly digest: string }> {
  return {
    *[Symbol.iterator]() {
      for (const [index, { manifest, digest }] of PLAYBOOKS.entries()) {
        const random = randomOf(seed * 1_000 + index);
        for (let n = 0; n < count; n += 1) yield { text: rewrite(manifest, random), digest };
      }
    },
  };
}

/** How many texts there are that are not written alike: rewrites that change nothing prove nothing. */
function differ(texts: ReturnType<typeof everyRewrite>): number {
  return new Set([...texts].map(({ text }) => text)).size;
}

function digestOf(text: string, file: string): string {
  const read = readPlaybook({ text, file });
  if (!read.ok) throw new Error(`${JSON.stringify(read.diagnostics)} in\n${text}`);
  return read.value.digest;
}

/** The value with one thing changed, for every leaf, key and element. */
function mutationsOf(value: JsonValue): JsonValue[] {
  if (Array.isArray(value)) {
    const swapped = value.length < 2 ? [] : [value.toReversed()];
    return [[...value, null], ...swapped, ...value.flatMap((item, index) => [value.toSpliced(index, 1), ...mutationsOf(item).map((one) => value.with(index, one))])];
  }
  if (typeof value === 'object' && value !== null) {
    return Object.entries(value).flatMap(([key, item]) => {
      const { [key]: _, ...rest } = value;
      return [rest, { ...rest, [`${key}_`]: item }, ...mutationsOf(item).map((one) => ({ ...rest, [key]: one }))];
    });
  }
  if (typeof value === 'string') return [`${value} `, value.toUpperCase() === value ? `${value}x` : value.toUpperCase(), null];
  if (typeof value === 'number') return [value === 0 ? 1 : -value, String(value)];
  return [value === null ? false : !value, String(value)];
}

/** With keys in one order, so that what is equal is written alike. */
function sorted(value: JsonValue): JsonValue {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([key, item]) => [key, sorted(item)]));
}
