import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { repository } from '../project.fixture.js';

export interface Payload {
  readonly id: string;
  readonly payload: string;
}

/** What somebody could write to have their own code run, or something asked for, in the browser of whoever looks at it. */
export function browserPayloads(canary: string): Payload[] {
  const { host } = new URL(canary);
  const all = JSON.parse(readFileSync(join(repository, 'tooling/fixtures/hostile/browser.json'), 'utf8')) as Payload[];
  return all.map(({ id, payload }) => ({ id, payload: payload.replaceAll('CANARYHOST', host).replaceAll('CANARY', `${canary}/${id}`) }));
}
