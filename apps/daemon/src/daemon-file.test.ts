import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { fakeClock, memoryLogger } from '@kb-labs/testkit';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';

import { claimDaemonFile, type DaemonRecord, findDaemon, releaseDaemonFile } from './daemon-file.js';
import { keepDaemonFile } from './keep-daemon-file.js';
import { lifeOf, ownProcess, type ProcessIdentity, startByPs } from './process-identity.js';

let dir = '';
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'kb-daemon-'));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
});

const here = ownProcess();

function aRecord(loose: Partial<DaemonRecord> = {}): DaemonRecord {
  return { pid: here.pid, url: 'http://127.0.0.1:4000', roles: ['gateway', 'worker'], startedAt: '2026-01-01T00:00:00.000Z', version: '1.2.3', process: here, ...loose };
}

/** As another process of this machine that still runs: the one that started this. */
function ofParent(): DaemonRecord {
  const stat = readFileSync(`/proc/${String(process.ppid)}/stat`, 'latin1');
  const started = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '';
  return aRecord({ pid: process.ppid, process: { ...here, pid: process.ppid, started } });
}

const file = (): string => join(dir, 'daemon.json');

describe('the record of a daemon', () => {
  it('is for its owner alone, is found as it was written, and leaves nothing else behind', () => {
    expect(findDaemon(dir)).toBeUndefined();
    expect(claimDaemonFile(dir, aRecord())).toBe(true);
    expect(statSync(file()).mode & 0o777).toBe(0o600);
    expect(findDaemon(dir)).toEqual({ ...aRecord(), elsewhere: false });
    expect(readdirSync(dir)).toEqual(['daemon.json']);
    releaseDaemonFile(dir, aRecord());
    expect(readdirSync(dir)).toEqual([]);
  });

  it('stays that of a daemon that runs', () => {
    claimDaemonFile(dir, ofParent());
    expect(claimDaemonFile(dir, aRecord())).toBe(false);
    releaseDaemonFile(dir, aRecord());
    expect(findDaemon(dir)?.pid).toBe(process.ppid);
  });

  it.each<[string, Partial<ProcessIdentity>]>([
    ['whose number another process has got', { started: '1' }],
    ['from before the machine was started', { boot: 'another-boot' }],
    ['whose process is gone', { pid: spawnSync('true').pid, started: '2' }],
  ])('counts for nothing when it is of one %s', (_, loose) => {
    const process = { ...here, ...loose };
    writeFileSync(file(), JSON.stringify(aRecord({ pid: process.pid, process })));
    expect(findDaemon(dir)).toBeUndefined();
    expect(claimDaemonFile(dir, aRecord({ version: '2' }))).toBe(true);
    expect(findDaemon(dir)?.version).toBe('2');
  });

  it('is left alone where nobody can see whether its daemon runs', () => {
    for (const loose of [{ host: 'other', boot: 'other' }, { space: 'pid:[1]' }]) {
      writeFileSync(file(), JSON.stringify(aRecord({ process: { ...here, ...loose } })));
      expect(findDaemon(dir)?.elsewhere).toBe(true);
      expect(claimDaemonFile(dir, aRecord({ version: '2' }))).toBe(false);
    }
  });

  it('of a daemon elsewhere counts for nothing once nobody has confirmed it for half a minute', () => {
    writeFileSync(file(), JSON.stringify(aRecord({ process: { ...here, space: 'pid:[1]' } })));
    const long = new Date(Date.now() - 31_000);
    utimesSync(file(), long, long);
    expect(findDaemon(dir)).toBeUndefined();
    expect(claimDaemonFile(dir, aRecord({ version: '2' }))).toBe(true);
    utimesSync(file(), long, long);
    expect(claimDaemonFile(dir, aRecord({ version: '2' }))).toBe(true);
    expect(Date.now() - statSync(file()).mtimeMs).toBeLessThan(30_000);
  });

  it.each(['', '{', '[]', 'null', '{"pid":1}', JSON.stringify({ ...aRecord(), pid: 0, process: { ...here, pid: 0 } }), JSON.stringify({ ...aRecord(), pid: here.pid + 1 })])('is none when it says %s', (text) => {
    writeFileSync(file(), text);
    expect(findDaemon(dir)).toBeUndefined();
    expect(claimDaemonFile(dir, aRecord())).toBe(true);
  });
});

describe('a daemon that stands second', () => {
  it('has its record in place once the first is gone, or the file', async () => {
    const clock = fakeClock();
    const logger = memoryLogger();
    writeFileSync(file(), JSON.stringify(ofParent()));
    const release = keepDaemonFile(aRecord(), { stateDir: dir, clock, logger });
    await clock.advance(10_000);
    expect(findDaemon(dir)?.pid).toBe(process.ppid);
    rmSync(file());
    await clock.advance(2_000);
    expect(findDaemon(dir)?.pid).toBe(here.pid);
    release();
    await clock.advance(10_000);
    expect(existsSync(file())).toBe(false);
    expect(logger.entries).toEqual([]);
  });

  it('says once that it cannot write it, and goes on trying', async () => {
    const clock = fakeClock();
    const logger = memoryLogger();
    const taken = join(dir, 'taken');
    writeFileSync(taken, 'a file where the folder should be');
    const release = keepDaemonFile(aRecord(), { stateDir: taken, clock, logger });
    await clock.advance(10_000);
    expect(logger.entries.map(({ level }) => level)).toEqual(['warn']);
    release();
  });
});

describe('a process', () => {
  it('is told from another with the same number by the instant it was started', () => {
    expect(lifeOf(here)).toBe('running');
    expect(lifeOf({ ...here, started: '1' })).toBe('gone');
    expect(lifeOf({ ...here, started: '' })).toBe('running');
  });

  it('has that instant from ps where there is no /proc', ({ skip }) => {
    if (spawnSync('ps', ['-V']).error !== undefined) skip('needs ps');
    const started = startByPs(process.pid);
    expect(started).toMatch(/ 20\d\d$/);
    expect(startByPs(process.pid)).toBe(started);
    expect(startByPs(spawnSync('true').pid)).toBeUndefined();
  });
});
