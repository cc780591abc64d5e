import { createHash } from 'node:crypto';

import { withKeys } from '../keys.js';

/** A script as the server knows it. `name` is for messages. */
export interface Script {
  readonly name: string;
  readonly source: string;
  /** What `EVALSHA` takes. */
  readonly sha: string;
}

export function script(name: string, ...parts: readonly string[]): Script {
  const source = withKeys(parts.join('\n'));
  return { name, source, sha: createHash('sha1').update(source).digest('hex') };
}
