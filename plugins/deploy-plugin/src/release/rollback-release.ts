import { resolve } from 'node:path';

import { ReleaseFailure } from './release-failure.js';
import { ReleaseFolder } from './release-folder.js';
import type { ReleaseResult, RollbackRequest } from './requests.js';
import { takeLock } from './take-lock.js';

/** Makes the named release current, or the one that the current one has replaced. */
export async function rollbackRelease(request: RollbackRequest): Promise<ReleaseResult> {
  const folder = new ReleaseFolder(resolve(request.workspace, request.path));
  // Nothing is made where nothing is deployed.
  if ((await folder.current()) === null) throw nothing('nothing is deployed there');
  await folder.prepare();
  const release = await takeLock(folder.notes);
  try {
    return await rollBack(folder, request);
  } finally {
    await release();
  }
}

async function rollBack(folder: ReleaseFolder, { key, to }: RollbackRequest): Promise<ReleaseResult> {
  const current = await folder.current();
  const begun = (await folder.read(`${key}.rollback`))?.trim().split(' ');
  if (begun !== undefined) {
    const [from = '', target = ''] = begun;
    // An earlier try may have ended before the switch; if something else is current by now, that came later and stays.
    if (current === from) await folder.switchTo(target);
    return describe(folder, { from, target, repeated: true });
  }
  if (current === null) throw nothing('nothing is deployed there');
  const target = to ?? (await folder.before(current));
  if (target === null) throw nothing(`no release before ${current} is left`);
  if (!(await folder.has(target))) throw new ReleaseFailure('RELEASE_MISSING', `there is no release ${target}`, { hint: `there are ${(await folder.list()).slice(0, 20).join(', ')}` });
  if (!(await folder.isReady(target)) && target !== current) throw new ReleaseFailure('RELEASE_NOT_READY', `${target} never passed its health check`);
  await folder.write(`${key}.rollback`, `${current} ${target}\n`);
  if (target !== current) await folder.switchTo(target);
  return describe(folder, { from: current, target, repeated: false });
}

async function describe(folder: ReleaseFolder, { from, target, repeated }: { readonly from: string; readonly target: string; readonly repeated: boolean }): Promise<ReleaseResult> {
  const [was, is] = [await folder.record(from), await folder.record(target)];
  return { release: target, previous: from, changed: was?.digest !== is?.digest, repeated, digest: is?.digest ?? '', files: is?.files ?? 0, bytes: is?.bytes ?? 0 };
}

function nothing(why: string): ReleaseFailure {
  return new ReleaseFailure('NOTHING_TO_ROLL_BACK', why);
}
