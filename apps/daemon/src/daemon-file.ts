import { linkSync, readFileSync, rmSync, statSync, unlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { isJsonObject, type JsonValue } from '@kb-labs/contracts';

import { DAEMON_ROLES, type DaemonRole } from './daemon-roles.js';
import { lifeOf, type ProcessIdentity } from './process-identity.js';

/** The daemon that stands for a project, as `daemon.json` in the state folder names it. */
export interface DaemonRecord {
  readonly pid: number;
  /** Where it answers; `null` without the role `gateway`. */
  readonly url: string | null;
  readonly roles: readonly DaemonRole[];
  /** ISO 8601. */
  readonly startedAt: string;
  readonly version: string;
  readonly process: ProcessIdentity;
}

export interface RunningDaemon extends DaemonRecord {
  /** On another machine or in another container, with the same folder: whether it still runs cannot be seen from here. */
  readonly elsewhere: boolean;
}

const NAME = 'daemon.json';
/** A record from elsewhere that was not confirmed for so long is of a dead daemon: of a container that was killed, for instance. */
const UNCONFIRMED_MS = 30_000;

/** The daemon of a project. A record that a dead one has left behind counts as none. */
export function findDaemon(stateDir: string): RunningDaemon | undefined {
  const record = readRecord(stateDir);
  if (record === undefined) return undefined;
  switch (lifeOf(record.process)) {
    case 'running':
      return { ...record, elsewhere: false };
    case 'elsewhere':
      return confirmedAgoMs(stateDir) > UNCONFIRMED_MS ? undefined : { ...record, elsewhere: true };
    case 'gone':
      return undefined;
  }
}

/** Whether one that was found is still there. */
export function isDaemonRunning({ process: identity }: DaemonRecord): boolean {
  return lifeOf(identity) !== 'gone';
}

/**
 * Writes the record, or confirms it, unless that of another daemon that runs is there; answers whether ours is there now. Two that find one of
 * a dead daemon at the same time can replace each other's: whoever asks again finds out.
 */
export function claimDaemonFile(stateDir: string, record: DaemonRecord): boolean {
  const found = findDaemon(stateDir);
  const path = join(stateDir, NAME);
  if (found !== undefined) {
    const ours = isSame(found, record);
    if (ours) utimesSync(path, new Date(), new Date());
    return ours;
  }
  const draft = `${path}.${String(record.pid)}`;
  writeFileSync(draft, `${JSON.stringify(record)}\n`, { mode: 0o600 });
  try {
    rmSync(path, { force: true });
    linkSync(draft, path);
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false;
    throw error;
  } finally {
    unlinkSync(draft);
  }
}

/** Removes the record if it is ours. */
export function releaseDaemonFile(stateDir: string, record: DaemonRecord): void {
  const found = readRecord(stateDir);
  if (found !== undefined && isSame(found, record)) rmSync(join(stateDir, NAME), { force: true });
}

function confirmedAgoMs(stateDir: string): number {
  const stat = statSync(join(stateDir, NAME), { throwIfNoEntry: false });
  return stat === undefined ? Number.POSITIVE_INFINITY : Date.now() - stat.mtimeMs;
}

function isSame(one: DaemonRecord, other: DaemonRecord): boolean {
  return one.pid === other.pid && one.startedAt === other.startedAt && one.process.boot === other.process.boot && one.process.space === other.process.space;
}

/** What cannot be read, or is nothing that a daemon wrote, is as good as nothing. */
function readRecord(stateDir: string): DaemonRecord | undefined {
  let value: JsonValue;
  try {
    value = JSON.parse(readFileSync(join(stateDir, NAME), 'utf8')) as JsonValue;
  } catch {
    return undefined;
  }
  if (!isJsonObject(value)) return undefined;
  const { pid, url, roles, startedAt, version } = value;
  const identity = toIdentity(value['process']);
  if (typeof pid !== 'number' || identity?.pid !== pid || (url !== null && typeof url !== 'string')) return undefined;
  if (typeof startedAt !== 'string' || typeof version !== 'string' || !Array.isArray(roles)) return undefined;
  return { pid, url, roles: DAEMON_ROLES.filter((role) => roles.includes(role)), startedAt, version, process: identity };
}

function toIdentity(value: JsonValue | undefined): ProcessIdentity | undefined {
  if (!isJsonObject(value)) return undefined;
  const { host, boot, space, pid, started } = value;
  if (typeof pid !== 'number' || !Number.isSafeInteger(pid) || pid < 1) return undefined;
  if (typeof host !== 'string' || typeof boot !== 'string' || typeof space !== 'string' || typeof started !== 'string') return undefined;
  return { host, boot, space, pid, started };
}
