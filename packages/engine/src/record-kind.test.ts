import { describe, expect, it } from 'vitest';

import { manualClock } from './manual-clock.fixture.js';
import { memoryRecords } from './memory-records.fixture.js';
import { RecordKind, splitKey } from './record-kind.js';

interface Stored {
  readonly n: number;
  readonly note?: string;
}

const KIND = new RecordKind<Stored>('numbered');
const keyOf = (n: number): string => `acme/${String(n).padStart(3, '0')}`;

async function filled(count: number) {
  const records = memoryRecords(manualClock());
  await records.write(Array.from({ length: count }, (_, n) => KIND.put(keyOf(n), { n })));
  await records.write([KIND.put('other/000', { n: -1 }), new RecordKind<Stored>('another').put(keyOf(0), { n: -2 })]);
  return records;
}

async function numbers(found: AsyncIterable<{ readonly value: Stored }>): Promise<number[]> {
  const all: number[] = [];
  for await (const { value } of found) all.push(value.n);
  return all;
}

describe('a kind of records', () => {
  it.each([0, 1, 9, 10, 11, 20, 21])('reads %i of them, ten at once, each once and in order', async (count) => {
    const records = await filled(count);
    const all = Array.from({ length: count }, (_, n) => n);
    expect(await numbers(KIND.each(records, { prefix: 'acme/', pageSize: 10 }))).toEqual(all);
    expect(await numbers(KIND.each(records, { prefix: 'acme/', pageSize: 10, descending: true }))).toEqual(all.toReversed());
    expect(await numbers(KIND.each(records, { prefix: 'acme/', pageSize: 10, after: keyOf(5) }))).toEqual(all.slice(6));
    expect(await numbers(KIND.each(records))).toEqual([...all, -1]);
  });

  it('asks for no page behind the one that whoever reads it stops in', async () => {
    const records = await filled(30);
    let pages = 0;
    const counted = { ...records, list: (...args: Parameters<typeof records.list>) => ((pages += 1), records.list(...args)) };
    for await (const { value } of KIND.each(counted, { pageSize: 10 })) if (value.n === 9) break;
    expect(pages).toBe(1);
  });

  it('meets what is written behind the place that it has reached, and not what is removed there', async () => {
    const records = await filled(25);
    const met: number[] = [];
    for await (const { value } of KIND.each(records, { prefix: 'acme/', pageSize: 10 })) {
      if (value.n === 5) await records.write([KIND.remove(keyOf(20)), KIND.put(keyOf(25), { n: 25, note: 'late' }), KIND.remove(keyOf(3))]);
      met.push(value.n);
    }
    expect(met).toEqual([...Array.from({ length: 20 }, (_, n) => n), 21, 22, 23, 24, 25]);
  });

  it('writes and removes what stands in the version that was expected, and nothing else', async () => {
    const records = await filled(0);
    expect(await records.write([KIND.put('acme/a', { n: 1 }, { expected: 0 })])).toBe(true);
    expect(await records.write([KIND.put('acme/a', { n: 2 }, { expected: 0 })])).toBe(false);
    expect(await KIND.get(records, 'acme/a')).toEqual({ key: 'acme/a', version: 1, value: { n: 1 } });
    expect(await records.write([KIND.remove('acme/a', 2)])).toBe(false);
    expect(await records.write([KIND.remove('acme/a', 1)])).toBe(true);
    expect(await KIND.get(records, 'acme/a')).toBeUndefined();
    expect(await KIND.list(records, { prefix: 'other/', limit: 10 })).toEqual([{ key: 'other/000', version: 1, value: { n: -1 } }]);
  });
});

describe('splitKey', () => {
  it('takes the name off, whatever the tenant is called', () => {
    expect(splitKey('acme/line')).toEqual({ tenant: 'acme', name: 'line' });
    expect(splitKey('acme/release/1.0.0')).toEqual({ tenant: 'acme/release', name: '1.0.0' });
  });
});
