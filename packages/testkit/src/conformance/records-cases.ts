import assert from 'node:assert/strict';

import { LIMITS } from '@kb-labs/contracts';
import type { RecordChange, RecordPage, StoredRecord } from '@kb-labs/ports';
import fc from 'fast-check';

import { rejectsWith } from './expectations.js';
import { comparedByBytes, RecordModel } from './record-model.js';
import type { ConformanceCase, StorePorts, StoreUnderTest } from './suite.js';

const KIND = 'key';

export const RECORDS_CASES: readonly ConformanceCase<StoreUnderTest>[] = [
  {
    name: 'keeps a record as it was written, apart from those of other kinds, for every process',
    async run(store) {
      const odd = { text: 'a\u0000b \u{1f600} \u2028 "\\', list: [null, true, -0.5, {}], ['__proto__']: 1 };
      const value = JSON.parse(JSON.stringify(odd)) as typeof odd;
      assert.equal(await store.records.write([{ kind: KIND, key: 'a', value }, { kind: 'other', key: 'a', value: null }]), true);
      for (const { records } of [store, await store.second()]) {
        assert.deepEqual(await records.get(KIND, 'a'), { key: 'a', version: 1, value });
        assert.deepEqual(await records.get('other', 'a'), { key: 'a', version: 1, value: null });
        assert.equal(await records.get(KIND, 'b'), undefined);
        assert.deepEqual(await records.list('other', { limit: 9 }), [{ key: 'a', version: 1, value: null }]);
      }
    },
  },
  {
    name: 'counts the writes of a record, from 1 again after it was removed',
    async run(store) {
      const version = async (): Promise<number> => (await store.records.get(KIND, 'a'))?.version ?? 0;
      for (const expected of [1, 2, 3]) {
        await put(store, 'a');
        assert.equal(await version(), expected);
      }
      await store.records.write([{ kind: KIND, key: 'a', remove: true }, { kind: KIND, key: 'never there', remove: true }]);
      assert.equal(await version(), 0);
      assert.deepEqual(await store.records.list(KIND, { limit: 9 }), []);
      await put(store, 'a');
      assert.equal(await version(), 1);
    },
  },
  {
    name: 'writes everything or, when one version is another, nothing',
    async run(store) {
      await put(store, 'a', 'first');
      const write = (...changes: RecordChange[]): Promise<boolean> => store.records.write(changes);
      const unwritten = [{ kind: KIND, key: 'b', value: 'new' }, { kind: KIND, key: 'a', remove: true as const }];
      for (const [key, expected] of [['a', 0], ['a', 2], ['c', 1]] as const) {
        assert.equal(await write(...unwritten.filter((change) => change.key !== key), { kind: KIND, key, value: 'new', expected }), false);
        assert.equal(await write(...unwritten.filter((change) => change.key !== key), { kind: KIND, key, remove: true, expected }), false);
      }
      assert.deepEqual(await store.records.list(KIND, { limit: 9 }), [{ key: 'a', version: 1, value: 'first' }]);
      assert.equal(await write({ kind: KIND, key: 'a', value: 'second', expected: 1 }, { kind: KIND, key: 'b', value: 'new', expected: 0 }), true);
      assert.equal(await write({ kind: KIND, key: 'a', remove: true, expected: 2 }), true);
      assert.deepEqual(await store.records.list(KIND, { limit: 9 }), [{ key: 'b', version: 1, value: 'new' }]);
    },
  },
  {
    name: 'lets one of many writers through who expect the same version',
    async run(store) {
      const other = await store.second();
      for (let version = 0; version < 4; version += 1) {
        const tries = Array.from({ length: 6 }, (_, index) => (index % 2 === 0 ? store : other).records.write([{ kind: KIND, key: 'a', value: index, expected: version }]));
        assert.equal((await Promise.all(tries)).filter(Boolean).length, 1);
      }
      assert.equal((await store.records.get(KIND, 'a'))?.version, 4);
    },
  },
  {
    name: 'lists by prefix, from a key on, forwards and backwards, in the order of bytes, page by page',
    async run(store) {
      const keys = ['', 'a', 'a/', 'a/1', 'a/10', 'a/2', 'aa', 'b', 'z', 'é', '\ud7ff', '\ue000', '\uffff', '\u{10000}', '\u{10ffff}', '\u{10ffff}a', '%', '['].map((key) => `k${key}`);
      await store.records.write(keys.map((key) => ({ kind: KIND, key, value: key })));
      await store.records.write([{ kind: 'other', key: 'ka', value: 0 }]);
      const part = fc.constantFrom(...keys, 'k', 'ka/', 'ka/1', 'k\u{10ffff}', 'none', 'a', 'z');
      const page = fc.record({ prefix: part, after: part, descending: fc.boolean() }, { requiredKeys: [] });
      await fc.assert(
        fc.asyncProperty(page, fc.integer({ min: 1, max: 6 }), async (query, limit) => {
          const fitting = keys.filter((key) => fits(key, query)).sort(comparedByBytes);
          if (query.descending === true) fitting.reverse();
          assert.deepEqual((await listByPages(store, { ...query, limit })).map((record) => record.key), fitting);
        }),
        { numRuns: 150 },
      );
      assert.deepEqual(await store.records.list(KIND, { limit: 0 }), []);
    },
  },
  {
    name: 'does not have a record any more from the instant on that it ends at',
    async run(store) {
      const now = store.clock.now();
      await store.records.write([
        { kind: KIND, key: 'a', value: 1, expiresAt: now + 1_000 },
        { kind: KIND, key: 'b', value: 1 },
        { kind: KIND, key: 'c', value: 1, expiresAt: now + 2_000 },
        { kind: KIND, key: 'd', value: 1, expiresAt: now + 1_000 },
      ]);
      await put(store, 'd');
      await store.clock.advance(999);
      assert.deepEqual(await keysOf(store), ['a', 'b', 'c', 'd']);
      await store.clock.advance(1);
      assert.deepEqual(await keysOf(store), ['b', 'c', 'd']);
      assert.equal((await store.records.list(KIND, { limit: 2 })).length, 2);
      assert.equal(await store.records.get(KIND, 'a'), undefined);
      assert.equal(await store.records.write([{ kind: KIND, key: 'a', value: 2, expected: 1 }]), false);
      assert.equal(await store.records.write([{ kind: KIND, key: 'a', value: 2, expected: 0 }]), true);
      assert.equal((await store.records.get(KIND, 'a'))?.version, 1);
      await store.clock.advance(86_400_000);
      assert.deepEqual(await keysOf(store), ['a', 'b', 'd']);
    },
  },
  {
    name: 'refuses what is no kind, no key or too large, and a record named twice, and writes nothing of it',
    async run(store) {
      const fine = { kind: KIND, key: 'fine', value: 1 };
      const large = 'x'.repeat(LIMITS.recordBytes);
      for (const wrong of [{ kind: 'Key' }, { kind: '' }, { kind: 'a'.repeat(33) }, { key: '' }, { key: 'é'.repeat(513) }, { key: '\ud800' }, { value: large }, {}]) {
        await rejectsWith('INTERNAL', () => store.records.write([fine, { ...fine, ...wrong }]));
      }
      assert.deepEqual(await keysOf(store), []);
      const most = { kind: 'a'.repeat(32), key: 'é'.repeat(512), value: large.slice(2) };
      assert.equal(await store.records.write([most]), true);
      assert.equal((await store.records.get(most.kind, most.key))?.value, most.value);
    },
  },
  {
    name: 'does what the model does with records, whatever is written, removed and over',
    async run(store) {
      const key = fc.constantFrom('a', 'b', 'c');
      const expected = fc.option(fc.nat({ max: 3 }), { nil: undefined, freq: 3 });
      const change = fc.record({ key, expected, removes: fc.boolean(), forMs: fc.option(fc.constantFrom(0, 10, 20), { nil: undefined }) });
      const step = fc.record({ afterMs: fc.constantFrom(0, 5, 10), changes: fc.uniqueArray(change, { selector: (each) => each.key, maxLength: 3 }) });
      let round = 0;
      await fc.assert(
        fc.asyncProperty(fc.array(step, { maxLength: 25, size: 'max' }), async (steps) => {
          const model = new RecordModel();
          const kind = `round-${'x'.repeat((round += 1) % 20)}`;
          const left = await store.records.list(kind, { limit: 9 });
          await store.records.write(left.map((record) => ({ kind, key: record.key, remove: true })));
          for (const { afterMs, changes } of steps) {
            await store.clock.advance(afterMs);
            const now = store.clock.now();
            const written = changes.map((each) => toChange(kind, each, now));
            assert.equal(await store.records.write(written), model.write(written, now));
            assert.deepEqual(await store.records.list(kind, { limit: 9 }), model.list(kind, now));
          }
        }),
        { numRuns: 40 },
      );
    },
  },
];

export function toChange(kind: string, change: { key: string; expected: number | undefined; removes: boolean; forMs: number | undefined }, now: number): RecordChange {
  const { key, expected, removes, forMs } = change;
  const place = { kind, key, ...(expected === undefined ? {} : { expected }) };
  return removes ? { ...place, remove: true } : { ...place, value: now, ...(forMs === undefined ? {} : { expiresAt: now + forMs }) };
}

async function put(store: StorePorts, key: string, value = 'value'): Promise<void> {
  assert.equal(await store.records.write([{ kind: KIND, key, value }]), true);
}

async function keysOf(store: StorePorts): Promise<string[]> {
  return (await store.records.list(KIND, { limit: 100 })).map((record) => record.key);
}

function fits(key: string, { prefix = '', after, descending = false }: Omit<RecordPage, 'limit'>): boolean {
  if (!key.startsWith(prefix)) return false;
  if (after === undefined) return true;
  return descending ? comparedByBytes(key, after) < 0 : comparedByBytes(key, after) > 0;
}

async function listByPages(store: StorePorts, query: RecordPage): Promise<StoredRecord[]> {
  const found: StoredRecord[] = [];
  for (let after = query.after; ; ) {
    const page = await store.records.list(KIND, { ...query, ...(after === undefined ? {} : { after }) });
    found.push(...page);
    if (page.length < query.limit) return found;
    assert.ok(found.length < 100, 'the pages come to an end');
    after = page.at(-1)?.key;
  }
}
