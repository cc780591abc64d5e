import { randomBytes } from 'node:crypto';

import { AppError } from '@kb-labs/errors';

import type { Link } from './link.js';

const BYTES = 32;

/** Random bytes kept under a key: whoever comes first makes them, and all others are given the same. */
export async function readSecret(link: Link, key: string): Promise<Buffer> {
  await link.call('SET', key, randomBytes(BYTES).toString('hex'), 'NX');
  const kept = await link.call('GET', key);
  const bytes = Buffer.from(typeof kept === 'string' ? kept : '', 'hex');
  if (bytes.length !== BYTES) throw new AppError('STATE_CORRUPT', { problem: `${key} is no secret` });
  return bytes;
}
