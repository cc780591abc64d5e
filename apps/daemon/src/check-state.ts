import { promises as files, statSync } from 'node:fs';
import { join } from 'node:path';

import { AppError } from '@kb-labs/errors';
import type { Ids, JobQueue } from '@kb-labs/ports';

/** As much as the smallest change writes. */
const PROBE_BYTES = 4_096;

export interface CheckedState {
  readonly dir: string;
  readonly queue: Pick<JobQueue, 'join' | 'leave'>;
  readonly ids: Ids;
}

/**
 * Whether the state on the disk can be written, tried out: a file is written and removed, and a worker that serves no run joins
 * and leaves. Fails with a `STATE_*` error. `state.db` is the file that was opened: what goes to one that was moved away is lost.
 */
export function checkEmbeddedState({ dir, queue, ids }: CheckedState): () => Promise<void> {
  const file = join(dir, 'state.db');
  const opened = fileAt(file);
  const worker = ids.workerId();
  return async () => {
    const now = fileAt(file);
    if (now === undefined || now !== opened) throw new AppError('STATE_UNAVAILABLE', { problem: `${file} was removed or replaced` });
    await writeProbe(join(dir, `.probe-${String(process.pid)}`));
    await queue.join({ id: worker, scope: [] });
    await queue.leave(worker);
  };
}

function fileAt(path: string): string | undefined {
  const stat = statSync(path, { throwIfNoEntry: false });
  return stat === undefined ? undefined : `${String(stat.dev)}:${String(stat.ino)}`;
}

async function writeProbe(path: string): Promise<void> {
  try {
    const probe = await files.open(path, 'w', 0o600);
    try {
      await probe.writeFile(Buffer.alloc(PROBE_BYTES, 1));
      await probe.datasync();
    } finally {
      await probe.close();
      await files.unlink(path);
    }
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    const problem = error instanceof Error ? error.message : String(error);
    throw new AppError(code === 'ENOSPC' || code === 'EDQUOT' ? 'STATE_FULL' : 'STATE_UNAVAILABLE', { problem }, { cause: error });
  }
}
