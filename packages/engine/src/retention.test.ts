import type { RetentionPolicy } from '@kb-labs/contracts';
import { toWorkerId } from '@kb-labs/contracts';
import { describe, expect, it } from 'vitest';

import { listAudit } from './list-audit.js';
import { manualClock } from './manual-clock.fixture.js';
import { memoryRecords } from './memory-records.fixture.js';
import { memoryRetention, type MemoryRun } from './memory-retention.fixture.js';
import { sweepRetention } from './sweep-retention.js';
import { verifyAudit } from './verify-audit.js';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const KEEP: RetentionPolicy = { runs: {}, logs: {}, artifacts: {} };

function open(runs: (now: number) => Readonly<Record<string, MemoryRun>>) {
  const clock = manualClock();
  const retention = memoryRetention(runs(clock.now()));
  const removedBlobs: string[] = [];
  const stored = new Map<string, number>();
  const blobs = {
    put: () => Promise.reject(new Error('unused')),
    get: () => Promise.resolve(undefined),
    remove: (digest: string, unlessSince: number) => {
      if ((stored.get(digest) ?? 0) >= unlessSince) return Promise.resolve(false);
      removedBlobs.push(digest);
      return Promise.resolve(true);
    },
  };
  let worker = 0;
  const unused = (): never => { throw new Error('unused'); };
  const ids = { runId: unused, sessionId: unused, flowId: unused, workerId: () => toWorkerId(String((worker += 1)).padStart(26, '0')) };
  const logger = { debug() {}, info() {}, warn() {}, error() {} };
  return { clock, retention, catalog: retention, records: memoryRecords(clock), blobs, ids, logger, removedBlobs, stored };
}

const run = (tenant: string, endedAt: number | null, of: { readonly parent?: string } = {}): MemoryRun => ({ tenant, endedAt, bytes: { journal: 10, log: 20, artifacts: 30 }, ...of });

describe('sweepRetention', () => {
  it('removes what is older than it may be, part by part, and nothing of others', async () => {
    const deps = open((now) => ({ old: run('acme', now - 9 * DAY), middle: run('acme', now - 5 * DAY), young: run('acme', now - DAY), open: run('acme', null), theirs: run('other', now - 99 * DAY) }));
    const policy: RetentionPolicy = { runs: { ageMs: 8 * DAY }, logs: { ageMs: 4 * DAY }, artifacts: { ageMs: 4 * DAY } };
    const swept = await sweepRetention(deps, (tenant) => (tenant === 'acme' ? policy : KEEP));
    expect(swept).toEqual({ skipped: false, removed: { runs: 1, logs: 2, artifacts: 2, bytes: 110 }, blobs: 0 });
    expect(Object.fromEntries(deps.retention.kept)).toMatchObject({ middle: { bytes: { journal: 10, log: 0, artifacts: 0 } }, young: { bytes: { log: 20, artifacts: 30 } }, open: { bytes: { log: 20, artifacts: 30 } }, theirs: { bytes: { log: 20 } } });
    expect(deps.retention.kept.has('old')).toBe(false);
  });

  it('keeps a run that ended exactly as long ago as it may be kept', async () => {
    const deps = open((now) => ({ edge: run('acme', now - DAY), over: run('acme', now - DAY - 1) }));
    await sweepRetention(deps, () => ({ ...KEEP, runs: { ageMs: DAY } }));
    expect([...deps.retention.kept.keys()]).toEqual(['edge']);
  });

  it('removes what ended first until no more is kept than may be', async () => {
    const runs = (now: number) => ({ ...Object.fromEntries(Array.from({ length: 130 }, (_, n) => [`run ${String(n)}`, run('acme', now - (n + 1) * HOUR)])), open: run('acme', null) });
    const deps = open(runs);
    const swept = await sweepRetention(deps, () => ({ ...KEEP, runs: { bytes: 605 } }));
    expect(swept.removed).toEqual({ runs: 120, logs: 0, artifacts: 0, bytes: 7_200 });
    expect([...deps.retention.kept.keys()]).toEqual([...Array.from({ length: 10 }, (_, n) => `run ${String(n)}`), 'open']);
    expect(deps.retention.calls.ended).toBe(3);

    const exact = open(runs);
    expect((await sweepRetention(exact, () => ({ ...KEEP, artifacts: { bytes: 3_900 }, logs: { bytes: 2_599 } }))).removed).toMatchObject({ runs: 0, logs: 1, artifacts: 0 });
  });

  it('removes everything that has ended where nothing may be kept, and still no open run', async () => {
    const deps = open((now) => ({ a: run('acme', now - 1), b: run('acme', null), c: run('acme', now) }));
    await sweepRetention(deps, () => ({ ...KEEP, runs: { bytes: 0 } }));
    expect([...deps.retention.kept.keys()]).toEqual(['b']);
  });

  it('removes a run with all that it called, when its own time has come, or nothing of it', async () => {
    const called = (now: number) => Object.fromEntries(Array.from({ length: 120 }, (_, n) => [`called ${String(n)}`, run('acme', now - (9 * DAY - n), { parent: n < 60 ? 'top' : `called ${String(n - 60)}` })]));
    const others = (now: number) => ({ alone: run('acme', now - 8 * DAY), ofOpen: run('acme', now - 99 * DAY, { parent: 'open' }), open: run('acme', null), ofNone: run('acme', now - 99 * DAY, { parent: 'gone' }) });
    const policy = (): RetentionPolicy => ({ ...KEEP, runs: { ageMs: 7 * DAY } });
    const young = open((now) => ({ ...called(now), ...others(now), top: run('acme', now - 7 * DAY) }));
    expect((await sweepRetention(young, policy)).removed.runs).toBe(2);
    expect([...young.retention.kept.keys()]).toEqual([...Object.keys(called(0)), 'ofOpen', 'open', 'top']);

    const old = open((now) => ({ ...called(now), ...others(now), top: run('acme', now - 7 * DAY - 1) }));
    expect((await sweepRetention(old, policy)).removed).toEqual({ runs: 123, logs: 0, artifacts: 0, bytes: 123 * 60 });
    expect([...old.retention.kept.keys()]).toEqual(['ofOpen', 'open']);
  });

  it('counts a run and all that it called as one where there is too much', async () => {
    const runs = (now: number) => ({ a1: run('acme', now - 9, { parent: 'a' }), b1: run('acme', now - 8, { parent: 'b' }), b: run('acme', now - 7), a2: run('acme', now - 6, { parent: 'a1' }), a: run('acme', now - 5), c: run('acme', now - 4) });
    const left = async (bytes: number): Promise<string[]> => {
      const deps = open(runs);
      await sweepRetention(deps, () => ({ ...KEEP, runs: { bytes } }));
      return [...deps.retention.kept.keys()];
    };
    expect(await left(360)).toEqual(['a1', 'b1', 'b', 'a2', 'a', 'c']);
    expect(await left(359)).toEqual(['a1', 'a2', 'a', 'c']);
    expect(await left(239)).toEqual(['c']);
    expect(await left(59)).toEqual([]);
  });

  it('removes the run that called first: whoever dies then leaves nothing that still counts', async () => {
    const deps = open((now) => ({ failed: run('acme', now - 9 * DAY, { parent: 'top' }), top: run('acme', now - 8 * DAY) }));
    const { remove } = deps.retention;
    const asked: string[] = [];
    deps.retention.remove = (id, parts) => {
      asked.push(id);
      return asked.length > 1 ? Promise.reject(new Error('died')) : remove(id, parts);
    };
    const policy = (): RetentionPolicy => ({ ...KEEP, runs: { ageMs: DAY } });
    await expect(sweepRetention(deps, policy)).rejects.toThrow('died');
    expect([...deps.retention.kept.keys()]).toEqual(['failed']);
    deps.retention.remove = remove;
    expect((await sweepRetention(deps, policy)).removed.runs).toBe(1);
  });

  it('comes to an end when nothing can be removed', async () => {
    const deps = open((now) => ({ a: run('acme', now - 9 * DAY) }));
    deps.retention.remove = () => Promise.resolve(false);
    expect((await sweepRetention(deps, () => ({ ...KEEP, runs: { ageMs: DAY, bytes: 0 } }))).removed.runs).toBe(0);
  });

  it('removes bytes that no run refers to since an hour, unless they were stored again', async () => {
    const deps = open(() => ({}));
    const now = deps.clock.now();
    for (let n = 0; n < 120; n += 1) deps.retention.unused.set(`old ${String(n)}`, now - HOUR - 1);
    deps.retention.unused.set('young', now - HOUR);
    deps.retention.unused.set('again', now - 2 * HOUR);
    deps.stored.set('again', now - 1);
    expect((await sweepRetention(deps, () => KEEP)).blobs).toBe(120);
    expect([...deps.retention.unused.keys()]).toEqual(['young', 'again']);
    expect(deps.removedBlobs).not.toContain('again');
  });

  it('says in the audit log what it removed, in sums', async () => {
    const deps = open((now) => ({ a: run('acme', now - 9 * DAY), b: run('acme', now - 9 * DAY), c: run('other', now) }));
    await sweepRetention(deps, () => ({ ...KEEP, runs: { ageMs: DAY } }));
    const { items } = await listAudit(deps, {});
    expect(items).toMatchObject([{ seq: 1, actor: 'retention', tenant: 'acme', action: 'retention.sweep', outcome: 'done', details: { runs: 2, logs: 0, artifacts: 0, bytes: 120 } }]);
    expect((await verifyAudit(deps)).intact).toBe(true);
  });

  it('is done by one of many, once in an hour', async () => {
    const deps = open((now) => ({ a: run('acme', now - 9 * DAY) }));
    const policy = (): RetentionPolicy => ({ ...KEEP, runs: { ageMs: DAY } });
    const all = await Promise.all(Array.from({ length: 5 }, () => sweepRetention(deps, policy)));
    expect(all.filter(({ skipped }) => !skipped)).toHaveLength(1);
    deps.clock.advance(50 * 60_000);
    expect((await sweepRetention(deps, policy)).skipped).toBe(true);
    deps.clock.advance(10 * 60_000);
    expect((await sweepRetention(deps, policy)).skipped).toBe(false);
  });

  it('is taken up by another when it failed, or when whoever swept is gone', async () => {
    const deps = open((now) => ({ a: run('acme', now - 9 * DAY) }));
    const policy = (): RetentionPolicy => ({ ...KEEP, runs: { ageMs: DAY } });
    const remove = deps.retention.remove;
    deps.retention.remove = () => Promise.reject(new Error('down'));
    await expect(sweepRetention(deps, policy)).rejects.toThrow('down');
    const hangs = Promise.withResolvers<boolean>();
    const begun = Promise.withResolvers<undefined>();
    deps.retention.remove = () => {
      begun.resolve(undefined);
      return hangs.promise;
    };
    const stuck = sweepRetention(deps, policy);
    await begun.promise;
    deps.retention.remove = remove;
    expect((await sweepRetention(deps, policy)).skipped).toBe(true);
    deps.clock.advance(120_000);
    expect((await sweepRetention(deps, policy)).skipped).toBe(false);
    hangs.resolve(true);
    await stuck;
  });

  it('stops when its right to sweep has gone to another', async () => {
    const deps = open((now) => Object.fromEntries(Array.from({ length: 60 }, (_, n) => [`run ${String(n)}`, run('acme', now - 9 * DAY)])));
    const { remove } = deps.retention;
    let removed = 0;
    deps.retention.remove = async (...args) => {
      removed += 1;
      if (removed === 50) await deps.records.write([{ kind: 'lease', key: 'retention-sweep', value: { holder: 'another' } }]);
      return remove(...args);
    };
    await expect(sweepRetention(deps, () => ({ ...KEEP, runs: { ageMs: DAY } }))).rejects.toMatchObject({ code: 'LEASE_LOST' });
    expect(removed).toBe(50);
  });
});
