import { toRunId, toWorkerId } from '@kb-labs/contracts';
import type { Clock, Ids } from '@kb-labs/ports';

import { systemRandom } from './system-random.js';

/** Crockford's base 32: no I, L, O, U. */
const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const RANDOM_BYTES = 10;

export type FillRandom = (bytes: Uint8Array) => void;

/**
 * Ids of 48 bits of time and 80 random ones (https://github.com/ulid/spec), so that they sort by creation.
 * Within one millisecond the random part is counted up, so that ids of one process sort by the order they were made in.
 */
export function ulidIds(clock: Clock, fillRandom: FillRandom = systemRandom): Ids {
  let lastTime = -1;
  const random = new Uint8Array(RANDOM_BYTES);
  const next = (): string => {
    const now = clock.now();
    if (now > lastTime) {
      lastTime = now;
      fillRandom(random);
      // Half of the range stays free for counting up.
      random[0] = (random[0] ?? 0) & 0x7f;
    } else {
      countUp(random);
    }
    return encodeTime(lastTime) + encodeBytes(random);
  };
  return {
    runId: () => toRunId(next()),
    workerId: () => toWorkerId(next()),
    sessionId: () => `ses-${next().toLowerCase()}`,
    flowId: () => `flow-${next().toLowerCase()}`,
  };
}

function countUp(bytes: Uint8Array): void {
  for (let index = bytes.length - 1; index >= 0; index -= 1) {
    const sum = (bytes[index] ?? 0) + 1;
    bytes[index] = sum & 0xff;
    if (sum <= 0xff) return;
  }
}

function encodeTime(ms: number): string {
  let rest = ms;
  let text = '';
  for (let digit = 0; digit < 10; digit += 1) {
    text = ALPHABET.charAt(rest % 32) + text;
    rest = Math.floor(rest / 32);
  }
  return text;
}

/** Five bits a character; ten bytes are exactly sixteen characters. */
function encodeBytes(bytes: Uint8Array): string {
  let text = '';
  let buffer = 0;
  let bits = 0;
  for (const byte of bytes) {
    buffer = (buffer << 8) | byte;
    bits += 8;
    while (bits >= 5) {
      bits -= 5;
      text += ALPHABET.charAt((buffer >> bits) & 31);
      buffer &= (1 << bits) - 1;
    }
  }
  return text;
}
