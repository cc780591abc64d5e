import { setTimeout as delay } from 'node:timers/promises';

import type { Spawner } from './spawner.js';
import type { SpawnerProcess } from './spawner-process.js';

/** As after many starts: the process that starts others, once it is there. */
export async function readySpawner(spawner: Spawner): Promise<SpawnerProcess> {
  for (;;) {
    const ready = spawner.take();
    if (ready !== undefined) return ready;
    await delay(5);
  }
}
