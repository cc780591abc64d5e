import type { AuditEntry, AuditHead, JsonObject, JsonValue, NewAuditEntry } from '@kb-labs/contracts';
import { AppError } from '@kb-labs/errors';
import type { RecordChange, StoredRecord } from '@kb-labs/ports';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { audited } from './audited.js';
import { listAudit } from './list-audit.js';
import { manualClock } from './manual-clock.fixture.js';
import { memoryRecords, type MemoryRecords } from './memory-records.fixture.js';
import { createAuditWriter, hashOfRow, recordAudit, rowKey } from './record-audit.js';
import { verifyAudit } from './verify-audit.js';

const entry: NewAuditEntry = { actor: 'ada', tenant: 'acme', action: 'key.create', target: 'k1', outcome: 'done', details: { role: 'admin' } };
const TENANTS = ['acme', 'acme-two', 'other'];

function open() {
  const clock = manualClock();
  return { clock, records: memoryRecords(clock) };
}

async function written(count: number) {
  const deps = open();
  const writer = createAuditWriter(deps);
  for (let n = 0; n < count; n += 1) {
    deps.clock.advance(n % 3);
    await writer.record({ ...entry, tenant: TENANTS[n % 3] ?? '', target: `k${String(n)}`, details: { n, of: [n, { deep: `${String(n)}` }] } });
  }
  return deps;
}

async function rowsOf(records: MemoryRecords): Promise<AuditEntry[]> {
  return (await records.list('audit', { limit: 10_000 })).map(({ value }) => value as unknown as AuditEntry);
}

describe('the audit log', () => {
  it('is a chain', async () => {
    const deps = await written(5);
    const rows = await rowsOf(deps.records);
    expect(rows.map(({ seq }) => seq)).toEqual([1, 2, 3, 4, 5]);
    expect(rows[0]?.previous).toBe(`sha256:${'0'.repeat(64)}`);
    for (const [index, row] of rows.slice(1).entries()) expect(row.previous).toBe(rows[index]?.hash);
    expect(await verifyAudit(deps)).toEqual({ intact: true, rows: 5, head: { seq: 5, hash: rows[4]?.hash } });
  });

  it('holds while it is empty', async () => {
    expect(await verifyAudit(open())).toEqual({ intact: true, rows: 0, head: null });
  });

  it('writes many rows at once that are asked for at once', async () => {
    const deps = open();
    const writer = createAuditWriter(deps);
    const rows = await Promise.all(Array.from({ length: 350 }, (_, n) => writer.record({ ...entry, target: String(n) })));
    expect(rows.map(({ seq }) => seq)).toEqual(rows.map((_, n) => n + 1));
    expect(deps.records.calls.write).toBe(5);
    expect((await verifyAudit(deps)).rows).toBe(350);
  });

  it('stays one chain when several processes write', async () => {
    const deps = open();
    const writers = Array.from({ length: 4 }, () => createAuditWriter(deps));
    await Promise.all(writers.flatMap((writer, w) => Array.from({ length: 50 }, async (_, n) => {
      for (let turn = 0; turn < n % 5; turn += 1) await Promise.resolve();
      return writer.record({ ...entry, target: `${String(w)}.${String(n)}` });
    })));
    const rows = await rowsOf(deps.records);
    expect(new Set(rows.map(({ target }) => target)).size).toBe(200);
    expect(await verifyAudit(deps)).toMatchObject({ intact: true, rows: 200 });
  });

  it('tells whoever asked that a row could not be written, and writes the next', async () => {
    const deps = open();
    let down = true;
    const writer = createAuditWriter({ ...deps, records: { ...deps.records, write: (changes) => (down ? Promise.reject(new Error('down')) : deps.records.write(changes)) } });
    await expect(Promise.all([writer.record(entry), writer.record(entry)])).rejects.toThrow('down');
    down = false;
    expect((await writer.record(entry)).seq).toBe(1);
  });

  it('waits for the disk, but for rows that all need not', async () => {
    const deps = open();
    const waited: unknown[] = [];
    const writer = createAuditWriter({ ...deps, records: { ...deps.records, write: (changes, options) => (waited.push(options?.waitsForDisk), deps.records.write(changes)) } });
    const relaxed = { waitsForDisk: false };
    await writer.record(entry);
    await writer.record(entry, relaxed);
    await Promise.all([writer.record(entry, relaxed), writer.record(entry, relaxed), writer.record(entry)]);
    expect(waited).toEqual([true, false, false, true]);
  });

  it('takes what has no canonical form in one that has, and not without bound', async () => {
    const deps = open();
    const odd = await recordAudit(deps, { ...entry, actor: 'a\ud800', target: 'x'.repeat(5_000), details: { big: 2 ** 60, text: '\udfff', list: ['\ud800', 1.5, true, null], '\ud801': {} } });
    expect(odd).toMatchObject({ actor: 'a\ufffd', details: { big: '1152921504606847000', text: '\ufffd', list: ['\ufffd', 1.5, true, null], '\ufffd': {} } });
    expect(odd.target.length).toBe(1_025);
    expect((await recordAudit(deps, { ...entry, details: { text: 'x'.repeat(100_000) } })).details).toHaveProperty('shortened');
    expect((await verifyAudit(deps)).intact).toBe(true);
  });

  it('is listed by tenant, newest first', async () => {
    const deps = await written(20);
    const first = await listAudit(deps, { tenant: 'acme', limit: 4 });
    const second = await listAudit(deps, { tenant: 'acme', limit: 4, ...(first.nextCursor === undefined ? {} : { cursor: first.nextCursor }) });
    expect([...first.items, ...second.items].map(({ seq }) => seq)).toEqual([19, 16, 13, 10, 7, 4, 1]);
    expect(second.nextCursor).toBeUndefined();
    expect((await listAudit(deps, {})).items.map(({ seq }) => seq)).toEqual(Array.from({ length: 20 }, (_, n) => 20 - n));
    await expect(listAudit(deps, { cursor: 'acme/1' })).rejects.toMatchObject({ code: 'USAGE' });
  });

  it('refuses to go on behind a row that was planted', async () => {
    const deps = await written(3);
    await deps.records.write([{ kind: 'audit', key: rowKey(4), value: {} }]);
    await expect(recordAudit(deps, entry)).rejects.toMatchObject({ code: 'AUDIT_BROKEN' });
  });
});

describe('audited', () => {
  it('leaves a row before an act, and another when the act is refused', async () => {
    const deps = open();
    const seen = await audited(deps, { ...entry, target: 'a' }, async () => (await listAudit(deps, {})).items.map(({ outcome }) => outcome));
    expect(seen).toEqual(['asked']);
    await expect(audited(deps, { ...entry, target: 'b' }, () => Promise.reject(new AppError('KEY_NOT_FOUND', { id: 'b' })))).rejects.toMatchObject({ code: 'KEY_NOT_FOUND' });
    expect((await listAudit(deps, {})).items).toMatchObject([{ target: 'b', outcome: 'refused', details: { role: 'admin', code: 'KEY_NOT_FOUND' } }, { target: 'b', outcome: 'asked' }, { target: 'a' }]);
  });

  it('does nothing that cannot be recorded', async () => {
    const deps = open();
    let done = false;
    const down = { ...deps, records: { ...deps.records, write: () => Promise.reject(new Error('down')) } };
    await expect(audited(down, entry, () => Promise.resolve((done = true)))).rejects.toThrow('down');
    expect(done).toBe(false);
  });
});

const ROWS = 24;

/** A change of what is stored, by whoever can write to the state but has noted no row elsewhere. */
type Mutation = (stored: readonly StoredRecord[], head: AuditHead) => RecordChange[];

const at = fc.nat({ max: ROWS - 1 });
const put = (key: string, value: JsonValue): RecordChange => ({ kind: 'audit', key, value });
const pick = <T,>(list: readonly T[], index: number): T => list[index % list.length] as T;
const rowAt = (stored: readonly StoredRecord[], index: number): JsonObject => structuredClone(pick(stored, index).value) as JsonObject;
const FIELDS = ['seq', 'at', 'actor', 'tenant', 'action', 'target', 'outcome', 'details', 'previous', 'hash'] as const;
const otherThan = (value: JsonValue | undefined, salt: number): JsonValue => (typeof value === 'number' ? value + 1 + salt : typeof value === 'string' ? `${value}${String(salt)}` : { changed: salt });

const mutations: Readonly<Record<string, fc.Arbitrary<Mutation>>> = {
  'a field is altered': fc.tuple(at, fc.constantFrom(...FIELDS), fc.nat({ max: 9 })).map(([n, field, salt]) => (stored) => {
    const row = rowAt(stored, n);
    return [put(pick(stored, n).key, { ...row, [field]: otherThan(row[field], salt) })];
  }),
  'a field is altered and its hash made anew': fc.tuple(fc.nat({ max: ROWS - 2 }), fc.constantFrom('actor', 'action', 'target', 'at', 'tenant'), fc.nat({ max: 9 })).map(([n, field, salt]) => (stored) => {
    const { hash: _, ...row } = rowAt(stored, n);
    const altered = { ...row, [field]: otherThan(row[field], salt) };
    return [put(pick(stored, n).key, { ...altered, hash: hashOfRow(altered as unknown as AuditEntry) })];
  }),
  'the last row is altered and its hash made anew': fc.nat({ max: 9 }).map((salt) => (stored) => {
    const { hash: _, ...row } = rowAt(stored, ROWS - 1);
    const altered = { ...row, actor: `nobody${String(salt)}` };
    return [put(pick(stored, ROWS - 1).key, { ...altered, hash: hashOfRow(altered as unknown as AuditEntry) })];
  }),
  'a field is added': fc.tuple(at, fc.constantFrom('note', 'hash2', '__proto_')).map(([n, field]) => (stored) => [put(pick(stored, n).key, { ...rowAt(stored, n), [field]: 1 })]),
  'a field is removed': fc.tuple(at, fc.constantFrom(...FIELDS)).map(([n, field]) => (stored) => [put(pick(stored, n).key, Object.fromEntries(Object.entries(rowAt(stored, n)).filter(([name]) => name !== field)))]),
  'a row becomes something else': fc.tuple(at, fc.constantFrom<JsonValue>(null, 1, 'x', [], {})).map(([n, value]) => (stored) => [put(pick(stored, n).key, value)]),
  'rows are removed': fc.uniqueArray(at, { minLength: 1, maxLength: 5 }).map((list) => (stored) => list.map((n): RecordChange => ({ kind: 'audit', key: pick(stored, n).key, remove: true }))),
  'the tail is cut off': fc.integer({ min: 1, max: ROWS }).map((n) => (stored) => stored.slice(-n).map(({ key }): RecordChange => ({ kind: 'audit', key, remove: true }))),
  'two rows change places': fc.tuple(at, at).filter(([a, b]) => a !== b).map(([a, b]) => (stored) => [put(pick(stored, a).key, rowAt(stored, b)), put(pick(stored, b).key, rowAt(stored, a))]),
  'a row stands twice': fc.tuple(at, at).filter(([a, b]) => a !== b).map(([a, b]) => (stored) => [put(pick(stored, a).key, rowAt(stored, b))]),
  'a row is put in, and those behind it move': fc.integer({ min: 0, max: ROWS }).map((n) => (stored) => {
    const moved = stored.slice(n).map(({ value }, index) => put(rowKey(n + 2 + index), value));
    return [...moved, put(rowKey(n + 1), { ...rowAt(stored, Math.max(0, n - 1)), seq: n + 1 })];
  }),
  'a row is put in between two numbers': fc.tuple(at, fc.constantFrom('0', 'a', '.5')).map(([n, end]) => (stored) => [put(`${pick(stored, n).key}${end}`, rowAt(stored, n))]),
  'a row is put behind the last': fc.tuple(fc.integer({ min: 1, max: 1_000 }), at).map(([n, from]) => (stored) => [put(rowKey(ROWS + n), rowAt(stored, from))]),
  'the head is altered': fc.tuple(fc.constantFrom('seq', 'hash'), fc.nat({ max: 9 })).map(([field, salt]) => (_, head) => [{ kind: 'audit-head', key: 'head', value: { ...head, [field]: otherThan(head[field as 'seq'], salt) } }]),
  'the head goes back': fc.integer({ min: 0, max: ROWS - 1 }).map((n) => (stored) => [{ kind: 'audit-head', key: 'head', value: n === 0 ? { seq: 0, hash: `sha256:${'0'.repeat(64)}` } : { seq: n, hash: (rowAt(stored, n - 1)['hash'] ?? '') } }]),
  'the head is removed or unreadable': fc.constantFrom<RecordChange>({ kind: 'audit-head', key: 'head', remove: true }, { kind: 'audit-head', key: 'head', value: null }, { kind: 'audit-head', key: 'head', value: { seq: '24', hash: '' } }).map((change) => () => [change]),
  'a row is taken off the list of its tenant': at.map((n) => (stored) => [{ kind: 'audit-of', key: `${String(rowAt(stored, n)['tenant'])}/${pick(stored, n).key}`, remove: true }]),
  'a row is put on the list of another tenant': at.map((n) => (stored) => [{ kind: 'audit-of', key: `${rowAt(stored, n)['tenant'] === 'other' ? 'acme' : 'other'}/${pick(stored, n).key}`, value: null }]),
};

describe('verifyAudit', () => {
  it('finds 1,000 of 1,000 changes, and no fault in a log that was left alone', async () => {
    const { records, clock } = await written(ROWS);
    const stored = await records.list('audit', { limit: 100 });
    const head = (await records.get('audit-head', 'head'))?.value as unknown as AuditHead;
    const lists = await records.list('audit-of', { limit: 100 });
    const copy = async (): Promise<MemoryRecords> => {
      const other = memoryRecords(clock);
      await other.write([
        ...stored.map(({ key, value }) => put(key, value)),
        ...lists.map(({ key, value }): RecordChange => ({ kind: 'audit-of', key, value })),
        { kind: 'audit-head', key: 'head', value: { ...head } },
      ]);
      return other;
    };
    const names = Object.keys(mutations);
    const missed: string[] = [];
    let found = 0;
    for (const [index, name] of names.entries()) {
      const runs = Math.floor(1_000 / names.length) + (index < 1_000 % names.length ? 1 : 0);
      const some = mutations[name];
      if (some === undefined) continue;
      for (const mutate of fc.sample(some, { numRuns: runs, seed: index + 1 })) {
        const mutated = await copy();
        const changes = mutate(stored, head);
        await mutated.write(changes);
        if ((await verifyAudit({ records: mutated })).intact) missed.push(`${name}: ${JSON.stringify(changes)}`);
        else found += 1;
      }
    }
    expect(missed).toEqual([]);
    expect(found).toBe(1_000);
    expect(await verifyAudit({ records: await copy() })).toMatchObject({ intact: true, rows: ROWS });
  });

  it('finds a log that was made anew from end to end by a row noted elsewhere, and by nothing else', async () => {
    const real = await written(ROWS);
    const noted = (await rowsOf(real.records))[9];
    const forged = open();
    const writer = createAuditWriter(forged);
    for (const row of await rowsOf(real.records)) await writer.record({ ...row, actor: row.seq === 5 ? 'somebody else' : row.actor });
    expect(await verifyAudit(forged)).toMatchObject({ intact: true });
    const expected = { seq: 10, hash: noted?.hash ?? '' };
    expect(await verifyAudit(real, { expect: expected })).toMatchObject({ intact: true });
    expect(await verifyAudit(forged, { expect: expected })).toMatchObject({ intact: false, problem: { seq: 10 } });
    const shorter = await written(9);
    expect(await verifyAudit(shorter, { expect: expected })).toMatchObject({ intact: false, problem: { seq: 9 } });
  });

  it('is not misled by rows that are written while it reads', async () => {
    const deps = await written(ROWS);
    const writer = createAuditWriter(deps);
    const records = { ...deps.records, list: async (...query: Parameters<MemoryRecords['list']>) => {
      await writer.record(entry);
      return deps.records.list(...query);
    } };
    expect(await verifyAudit({ records })).toMatchObject({ intact: true, rows: ROWS });
  });

  it('says where it does not hold', async () => {
    const { records } = await written(ROWS);
    const key = rowKey(7);
    await records.write([put(key, { ...((await records.get('audit', key))?.value as JsonObject), actor: 'eve' })]);
    expect(await verifyAudit({ records })).toMatchObject({ intact: false, rows: 6, problem: { seq: 7, message: 'the row was altered' } });
  });
});
