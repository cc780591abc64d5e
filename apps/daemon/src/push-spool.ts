import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, utimesSync, watch, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { type EngineDeps, type StartedByPush, startByPush } from '@kb-labs/engine';

import { commitOf, pathsBetween } from './read-commit.js';
import { makeStateFolder } from './state-folder.js';

/** Below the project, whatever folder its state is in: the hooks of git have to find it without being told. */
const SPOOL = '.kb/state/pushes';
/** Holds the number of the process that looks after the spool, which touches it: the hooks leave it to that one then. */
const WATCHED = '.watched';
const EVERY_MS = 60_000;

export interface PushSpool {
  /** Resolves when what it is at is done. */
  stop(): Promise<void>;
}

/** Starts what pushes start, that the hooks of git have noted: as soon as they do, and what is left from before. */
export function watchPushes(deps: EngineDeps): PushSpool {
  const dir = join(deps.workspace, SPOOL);
  makeSpool(deps.workspace);
  let stopped = false;
  let working: Promise<void> = Promise.resolve();
  let again = false;
  let busy = false;
  const look = (): void => {
    again = true;
    if (busy || stopped) return;
    busy = true;
    working = (async () => {
      while (again && !stopped) {
        again = false;
        await takePushes(deps);
      }
    })()
      .catch((error: unknown) => {
        deps.logger.error('pushes cannot be looked after', { problem: String(error) });
      })
      .finally(() => {
        busy = false;
        // One that came while it ended.
        if (again) look();
      });
  };
  const confirm = (): void => {
    tell(deps, () => {
      writeFileSync(join(dir, WATCHED), `${String(process.pid)}\n`);
      utimesSync(join(dir, WATCHED), new Date(), new Date());
    });
    look();
    if (!stopped) disarm = deps.clock.after(EVERY_MS, confirm, { unref: true });
  };
  let disarm = (): void => undefined;
  const watcher = watch(dir, { persistent: false }, (_, name) => {
    if (isEntry(name ?? '')) look();
  });
  watcher.on('error', (error) => {
    deps.logger.warn('pushes are only seen once in a minute', { problem: error.message });
  });
  confirm();
  return {
    stop: async () => {
      stopped = true;
      disarm();
      watcher.close();
      tell(deps, () => {
        if (readFileSync(join(dir, WATCHED), 'utf8').trim() === String(process.pid)) rmSync(join(dir, WATCHED), { force: true });
      });
      await working;
    },
  };
}

/** Whether a process says that it looks after the pushes of a project. */
export function arePushesWatched(projectRoot: string): boolean {
  const path = join(projectRoot, SPOOL, WATCHED);
  try {
    if (Date.now() - statSync(path).mtimeMs > 3 * EVERY_MS) return false;
    process.kill(Number(readFileSync(path, 'utf8')), 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

/**
 * Starts what the noted pushes start, the oldest first, and takes them off. One that cannot be carried out now stays; one that
 * says nothing is told and removed. Answers what was started.
 */
export async function takePushes(deps: EngineDeps): Promise<StartedByPush[]> {
  const dir = join(deps.workspace, SPOOL);
  const started: StartedByPush[] = [];
  for (const name of entriesOf(dir)) {
    try {
      const entry = readEntry(join(dir, name));
      if (entry !== undefined) started.push(...(await take(deps, entry)));
      else deps.logger.warn('a note of a push says nothing', { name });
      rmSync(join(dir, name), { force: true });
    } catch (error) {
      deps.logger.error('a push cannot be carried out now', { name, problem: String(error) });
    }
  }
  return started;
}

/** Takes off what is noted, where it starts nothing. */
export function discardPushes(projectRoot: string): void {
  const dir = join(projectRoot, SPOOL);
  for (const name of entriesOf(dir)) rmSync(join(dir, name), { force: true });
}

interface PushEntry {
  readonly ref: string;
  readonly sha: string;
  /** Where the branch was before; absent: at the first parent. */
  readonly before?: string;
}

async function take(deps: EngineDeps, { ref, sha, before }: PushEntry): Promise<StartedByPush[]> {
  const [, branch] = /^refs\/heads\/(.+)$/s.exec(ref) ?? [];
  if (branch === undefined) return [];
  const commit = await commitOf(deps.workspace, sha);
  if (commit === undefined) {
    deps.logger.warn('a commit that was pushed is not there any more', { ref, sha });
    return [];
  }
  const paths = await pathsBetween(deps.workspace, before ?? commit.parent, sha);
  return startByPush(deps, { push: { ref, branch, paths }, sha, actor: commit.actor });
}

/** Three lines at most: the full name of the branch, the commit, and where it was before. */
function readEntry(path: string): PushEntry | undefined {
  const [ref = '', sha = '', before = ''] = readFileSync(path, 'utf8').split('\n');
  if (!ref.startsWith('refs/') || !COMMIT.test(sha)) return undefined;
  return { ref, sha, ...(COMMIT.test(before) && before !== sha ? { before } : {}) };
}

const COMMIT = /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/;

/** By when they were noted: hooks write them under a name of their own first. */
function entriesOf(dir: string): string[] {
  let names: string[];
  try {
    names = readdirSync(dir).filter(isEntry);
  } catch {
    return [];
  }
  const found = names.flatMap((name) => {
    const stat = statSync(join(dir, name), { throwIfNoEntry: false });
    return stat === undefined ? [] : [{ name, at: stat.mtimeMs }];
  });
  return found.toSorted((a, b) => a.at - b.at).map(({ name }) => name);
}

function isEntry(name: string): boolean {
  return name.endsWith('.push');
}

function makeSpool(projectRoot: string): void {
  makeStateFolder(join(projectRoot, '.kb/state'));
  mkdirSync(join(projectRoot, SPOOL), { recursive: true, mode: 0o700 });
}

function tell(deps: EngineDeps, act: () => void): void {
  try {
    act();
  } catch (error) {
    deps.logger.warn('the hooks of git cannot be told that pushes are looked after', { problem: String(error) });
  }
}
