import { randomBytes } from 'node:crypto';
import { link, mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';

import { failedWith, ReleaseFailure } from './release-failure.js';

const LOCK = /^lock\.(\d+)$/;
const FREE = 'free\n';

/**
 * Takes the lock in a folder, or fails with `DEPLOY_BUSY`. A process that died does not hold it. Resolves to what gives it back.
 *
 * The highest `lock.N` counts; it says `held`, process, start of the process and host, or `free`. Whoever finds it free, or its
 * process gone, makes `lock.N+1`, which only one can, and looks again: a yet higher one means that it was late. Only a file
 * that is not the highest is ever removed, so no number comes twice while somebody could still count on it.
 */
export async function takeLock(folder: string): Promise<() => Promise<void>> {
  await mkdir(folder, { recursive: true });
  const last = await highest(folder);
  if (last > 0) await refuseLive(join(folder, `lock.${String(last)}`));
  const mine = last + 1;
  const file = join(folder, `lock.${String(mine)}`);
  await place(file);
  if ((await highest(folder)) > mine) {
    await rm(file, { force: true });
    throw busy('another deployment was faster');
  }
  for (const { number, name } of await locks(folder)) if (number < mine) await rm(join(folder, name), { force: true });
  return async () => {
    const part = `${file}-${randomBytes(6).toString('hex')}.part`;
    await writeFile(part, FREE);
    await rename(part, file);
  };
}

/** Appears with all its content, or fails because it is there. */
async function place(file: string): Promise<void> {
  const part = `${file}-${randomBytes(6).toString('hex')}.part`;
  await writeFile(part, `held ${String(process.pid)} ${await startOf(process.pid)} ${hostname()}\n`);
  try {
    await link(part, file);
  } catch (error) {
    if (failedWith(error, 'EEXIST')) throw busy('another deployment was faster');
    throw error;
  } finally {
    await rm(part, { force: true });
  }
}

async function refuseLive(file: string): Promise<void> {
  // One that went away has been followed by a higher one, which the next look finds.
  const text = await readFile(file, 'utf8').catch(() => FREE);
  const [state, pid = '', start = '', host = ''] = text.trim().split(' ');
  if (state !== 'held') return;
  if (host !== hostname()) throw busy(`process ${pid} on ${host} deploys to it`, `when that process is gone, remove ${file}`);
  if (isAlive(Number(pid)) && (await startOf(Number(pid))) === start) throw busy(`process ${pid} deploys to it`);
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return failedWith(error, 'EPERM');
  }
}

/** When a process was started, so that another one of the same number is told apart; `-` where the system does not say. */
async function startOf(pid: number): Promise<string> {
  const stat = await readFile(`/proc/${String(pid)}/stat`, 'utf8').catch(() => '');
  // proc(5): the name in parentheses may hold anything; the start is the 20th field after it.
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '-';
}

async function highest(folder: string): Promise<number> {
  return Math.max(0, ...(await locks(folder)).map(({ number }) => number));
}

async function locks(folder: string): Promise<{ number: number; name: string }[]> {
  return (await readdir(folder)).flatMap((name) => {
    const digits = LOCK.exec(name)?.[1];
    return digits === undefined ? [] : [{ number: Number(digits), name }];
  });
}

function busy(why: string, hint?: string): ReleaseFailure {
  return new ReleaseFailure('DEPLOY_BUSY', `the folder is being deployed to: ${why}`, { later: true, ...(hint === undefined ? {} : { hint }) });
}
