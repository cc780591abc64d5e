import { request } from 'node:http';

import type { EngineDeps } from '@kb-labs/engine';
import { expect, it, onTestFinished } from 'vitest';

import { HELLO, openHarness } from './harness.fixture.js';

type Read = (bytes: AsyncIterable<Uint8Array>) => AsyncIterable<Uint8Array>;

/** A gateway that has an artifact of 8 MiB, which is read through `read`: its path, and what was logged as an error. */
async function serveArtifact(read: Read): Promise<{ url: string; path: string; errors: unknown[] }> {
  const errors: unknown[] = [];
  const logger: EngineDeps['logger'] = { debug() {}, info() {}, warn() {}, error: (message, fields) => errors.push({ message, ...fields }) };
  const wrap = (deps: EngineDeps): EngineDeps => ({
    ...deps,
    logger,
    blobs: {
      put: (content, maxBytes) => deps.blobs.put(content, maxBytes),
      remove: (digest, unlessSince) => deps.blobs.remove(digest, unlessSince),
      get: async (digest) => {
        const bytes = await deps.blobs.get(digest);
        return bytes === undefined ? undefined : read(bytes);
      },
    },
  });
  const harness = await openHarness({ workflows: { 'hello.yml': HELLO.replace('echo "# hi" >', 'head -c 8388608 /dev/zero >') }, wrap });
  onTestFinished(() => harness.close());
  const { id, status } = await harness.run('runner', 'hello');
  expect(status).toBe('success');
  return { url: harness.url, path: `/api/v1/workflows/runs/${id}/artifacts/docs%2Fnote.md`, errors };
}

/** Asks for it, and answers how the answer ended. `onBytes` is called with the first bytes, and can hang up. */
function download(address: string, onBytes: (hangUp: () => void) => void = () => undefined): Promise<'whole' | 'broken'> {
  return new Promise((resolve) => {
    const sent = request(address, { headers: { authorization: 'Bearer viewer' } }, (response) => {
      response.once('data', () => onBytes(() => sent.destroy())).resume();
      response.on('error', () => undefined);
      response.on('close', () => resolve(response.complete ? 'whole' : 'broken'));
    });
    sent.on('error', () => undefined);
    sent.end();
  });
}

it('does not take a reader who hangs up for a failure', async () => {
  const over = Promise.withResolvers<undefined>();
  const { url, path, errors } = await serveArtifact(async function* (bytes) {
    try {
      yield* bytes;
    } finally {
      over.resolve(undefined);
    }
  });
  expect(await download(url + path, (hangUp) => hangUp())).toBe('broken');
  await over.promise;
  expect(await download(url + path)).toBe('whole');
  expect(errors).toEqual([]);
});

it('breaks off, and logs why, when the bytes cannot be read to their end', async () => {
  const begun = Promise.withResolvers<undefined>();
  const { url, path, errors } = await serveArtifact(async function* (bytes) {
    for await (const chunk of bytes) {
      yield chunk;
      await begun.promise;
      throw new Error('the disk is gone');
    }
  });
  expect(await download(url + path, () => begun.resolve(undefined))).toBe('broken');
  expect(errors).toMatchObject([{ message: 'an answer broke off', path, problem: expect.stringContaining('the disk is gone') as unknown }]);
});
