import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';

import { isThere } from '../process-tree/is-there.js';

/** The label by which a container says which process it belongs to. */
export const OWNER_LABEL = 'dev.kb-labs.owner';

/** Machine, boot, process namespace, process id and its start: no other process is ever called the same. */
export function ownerName(pid: number = process.pid): string {
  return [machine(), bootId(), processNamespace(), String(pid), startOf(pid) ?? ''].join('/');
}

/** Whether that process is surely gone. Of one on another machine, or in another container, nothing is known. */
export function isGone(owner: string): boolean {
  const [host, boot, namespace, pid, start] = owner.split('/');
  if (host !== machine() || pid === undefined || !/^\d+$/.test(pid)) return false;
  if (boot !== bootId()) return true;
  if (namespace !== processNamespace()) return false;
  return bootId() === '' ? !isThere(Number(pid)) : startOf(Number(pid)) !== start;
}

function machine(): string {
  return hostname().replace(/[^\w.-]/g, '_');
}

function bootId(): string {
  return read(() => readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim());
}

function processNamespace(): string {
  return read(() => readlinkSync('/proc/self/ns/pid').replace(/\D/g, ''));
}

/** In clock ticks since boot, field 22 of proc_pid_stat(5). */
function startOf(pid: number): string | undefined {
  const stat = read(() => readFileSync(`/proc/${String(pid)}/stat`, 'latin1'));
  return stat === '' ? undefined : stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
}

function read(get: () => string): string {
  try {
    return get();
  } catch {
    return '';
  }
}
