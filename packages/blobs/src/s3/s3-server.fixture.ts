import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { S3Place } from './index.js';

export interface S3Server {
  readonly place: S3Place;
  /** The folder of the bucket: an object is a file, named by its key and `OBJECT_ENDING`. */
  readonly dir: string;
  kill(): Promise<void>;
  remove(): Promise<void>;
}

const require = createRequire(import.meta.url);

export const OBJECT_ENDING = '._S3rver_object';
const BUCKET = 'artifacts';
const WHOLE_WRITES = new URL('./whole-writes.fixture.mjs', import.meta.url).href;

/** An S3-compatible server of the test's own, on a port it chooses, with one empty bucket. */
export async function startS3(): Promise<S3Server> {
  const dir = await mkdtemp(join(tmpdir(), 'kb-s3-'));
  await mkdir(join(dir, BUCKET));
  const program = require.resolve('s3rver/bin/s3rver.js');
  const server = spawn(process.execPath, ['--import', WHOLE_WRITES, program, '--directory', dir, '--address', '127.0.0.1', '--port', '0', '--silent'], { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = once(server, 'exit');
  // A test that is given up must not leave it behind.
  process.once('exit', () => server.kill('SIGKILL'));
  const port = await new Promise<string>((resolve, reject) => {
    let printed = '';
    server.on('exit', () => reject(new Error(`the S3 server ended:\n${printed}`)));
    server.stdout.on('data', (text: Buffer) => {
      printed += text.toString();
      const found = /listening on \S+:(\d+)/.exec(printed)?.[1];
      if (found !== undefined) resolve(found);
    });
  });
  const kill = async (): Promise<void> => {
    server.kill('SIGKILL');
    await ended;
  };
  return {
    place: {
      endpoint: `http://127.0.0.1:${port}`,
      region: 'us-east-1',
      bucket: BUCKET,
      credentials: { accessKeyId: 'S3RVER', secretAccessKey: 'S3RVER' },
      forcePathStyle: true,
    },
    dir: join(dir, BUCKET),
    kill,
    async remove() {
      await kill();
      await rm(dir, { recursive: true });
    },
  };
}
