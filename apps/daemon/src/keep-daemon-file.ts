import type { Clock, Logger } from '@kb-labs/ports';

import { claimDaemonFile, type DaemonRecord, releaseDaemonFile } from './daemon-file.js';
import { makeStateFolder } from './state-folder.js';

/** How long a daemon whose file is gone, or that stood second, goes unnamed at most. */
const EVERY_MS = 2_000;

/** Keeps the record of this daemon in place as long as no other that runs is named there. Answers how to end that. */
export function keepDaemonFile(record: DaemonRecord, { stateDir, clock, logger }: { stateDir: string; clock: Clock; logger: Logger }): () => void {
  let disarm = (): void => undefined;
  let told = false;
  const claim = (): void => {
    try {
      makeStateFolder(stateDir);
      claimDaemonFile(stateDir, record);
      told = false;
    } catch (error) {
      if (!told) logger.warn('cannot say in the state folder that a daemon runs', { problem: String(error) });
      told = true;
    }
    disarm = clock.after(EVERY_MS, claim, { unref: true });
  };
  claim();
  return () => {
    disarm();
    releaseDaemonFile(stateDir, record);
  };
}
