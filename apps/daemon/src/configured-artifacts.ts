import { join, resolve } from 'node:path';

import { AppError } from '@kb-labs/errors';

import { type ConfiguredArtifacts, type ConfiguredBucket, DEFAULTS } from './config.js';
import type { WrittenConfig } from './config-schema.js';

interface Around {
  readonly projectRoot: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Absolute. */
  readonly stateDir: string;
  /** Whether runs are kept in Redis. */
  readonly inRedis: boolean;
}

/** Where artifacts are kept by what is written: with the runs unless something else is. Fails with `CONFIG_INVALID`. */
export function readArtifacts(written: WrittenConfig['artifacts'], { projectRoot, env, stateDir, inRedis }: Around): ConfiguredArtifacts {
  const besideState = { store: 'file', dir: join(stateDir, 'blobs') } as const;
  if (written === undefined) return inRedis ? { store: 'redis' } : besideState;
  switch (written.store) {
    case 'file':
      return written.dir === undefined ? besideState : { store: 'file', dir: resolve(projectRoot, written.dir) };
    case 'redis':
      if (inRedis) return { store: 'redis' };
      throw new AppError('CONFIG_INVALID', { problem: 'artifacts are to be kept in Redis, and the runs are not' }, { hint: 'name the server with redis.url or KB_STATE_URL, or choose another "artifacts.store"' });
    case 's3':
      return { store: 's3', ...readBucket(written, env) };
  }
}

function readBucket(written: Extract<WrittenConfig['artifacts'], { store: 's3' }>, env: Around['env']): ConfiguredBucket {
  const { bucket, region, endpoint, prefix } = written;
  const credentials = readCredentials(env);
  return {
    bucket,
    region: region ?? DEFAULTS.s3Region,
    forcePathStyle: written['path-style'] ?? false,
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(prefix === undefined ? {} : { prefix }),
    ...(credentials === undefined ? {} : { credentials: Object.freeze(credentials) }),
  };
}

/** One without the other would be taken for none, and other credentials be used that nobody meant. */
function readCredentials(env: Around['env']): ConfiguredBucket['credentials'] {
  const [id, secret] = ['KB_S3_ACCESS_KEY_ID', 'KB_S3_SECRET_ACCESS_KEY'] as const;
  const accessKeyId = env[id] ?? '';
  const secretAccessKey = env[secret] ?? '';
  if (accessKeyId === '' && secretAccessKey === '') return undefined;
  if (accessKeyId !== '' && secretAccessKey !== '') return { accessKeyId, secretAccessKey };
  const [set, missing] = accessKeyId === '' ? [secret, id] : [id, secret];
  throw new AppError('CONFIG_INVALID', { problem: `${set} is set and ${missing} is not` }, { hint: 'set both, or neither: then they are looked for where the tools of AWS do' });
}
