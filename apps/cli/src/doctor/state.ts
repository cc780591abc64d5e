import { existsSync } from 'node:fs';
import { access, constants, statfs } from 'node:fs/promises';
import { dirname, join } from 'node:path';

import { type Composition, type Config, shownUrl } from '@kb-labs/daemon';
import { listRuns } from '@kb-labs/engine';
import { fromUnknown } from '@kb-labs/errors';

import { formatBytes } from '../render/run-summary.js';
import { type Check, fail, ok, warn } from './check.js';

const SCARCE_BYTES = 512 * 1_024 ** 2;
const TOO_LITTLE_BYTES = 32 * 1_024 ** 2;

/** The state opens and can be read. One that does not exist is not made here. */
export async function checkState(config: Config, open: () => Promise<Composition>): Promise<Check[]> {
  const place = config.redis === undefined ? config.stateDir : shownUrl(config.redis.url);
  if (config.redis === undefined && !existsSync(join(config.stateDir, 'state.db'))) return [await checkWritable(config.stateDir), await checkSpace(config.stateDir)];
  try {
    const { deps } = await open();
    const openRuns = await deps.catalog.openRuns({ limit: 1_000 });
    await listRuns(deps, { limit: 1 });
    const served = await deps.queue.served(openRuns);
    const lonely = openRuns.filter((id) => !served.has(id));
    const [first] = lonely;
    const runs = first === undefined ? [] : [warn('runs', `${String(lonely.length)} open without a worker`, `carry them on, for example: kb workflow:resume --run-id=${first}`)];
    return [ok('state', place), ...runs, await checkSpace(config.stateDir)];
  } catch (thrown) {
    const error = fromUnknown(thrown);
    const hint = config.redis === undefined ? 'check the folder, or name another with KB_STATE_URL=file:DIR' : 'check the server and its address';
    return [fail('state', `${place}: ${error.message}`, error.hint ?? hint)];
  }
}

async function checkWritable(stateDir: string): Promise<Check> {
  const parent = existing(stateDir);
  const writable = await access(parent, constants.W_OK).then(
    () => true,
    () => false,
  );
  if (writable) return ok('state', `${stateDir}: made by the first run`);
  return fail('state', `${stateDir} cannot be made: ${parent} is not writable`, 'allow writing there, or name another folder with KB_STATE_URL=file:DIR');
}

async function checkSpace(stateDir: string): Promise<Check> {
  const { bavail, bsize } = await statfs(existing(stateDir));
  const free = bavail * bsize;
  const text = `${formatBytes(free)} free`;
  if (free < TOO_LITTLE_BYTES) return fail('space', text, 'free some space on the disk of the state folder');
  if (free < SCARCE_BYTES) return warn('space', text, 'free some space on the disk of the state folder soon');
  return ok('space', text);
}

function existing(path: string): string {
  let folder = path;
  while (!existsSync(folder) && folder !== dirname(folder)) folder = dirname(folder);
  return folder;
}
