import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';

import { describe, expect, it, vi } from 'vitest';

import { monotonicMs } from './monotonic-ms.js';
import { StreamReader } from './stream-reader.js';

describe('StreamReader', () => {
  it('hands over one chunk at a time, also when the stream is made to flow by somebody else', async () => {
    const stream = new PassThrough();
    const seen: string[] = [];
    let open = 0;
    const reader = new StreamReader(stream, async (chunk) => {
      expect((open += 1)).toBe(1);
      stream.resume();
      await new Promise((resolve) => setImmediate(resolve));
      seen.push(chunk.toString());
      open -= 1;
    });
    const parts = Array.from({ length: 50 }, (_, at) => `${String(at)} `);
    for (const part of parts) stream.write(part);
    stream.end();
    await reader.done;
    expect(seen.join('')).toBe(parts.join(''));
  });

  it('reads on after a chunk that came too early and was taken at once', async () => {
    const stream = new PassThrough();
    const turn = () => new Promise((resolve) => setImmediate(resolve));
    const seen: string[] = [];
    const first = Promise.withResolvers<void>();
    const reader = new StreamReader(stream, (chunk) => {
      seen.push(chunk.toString());
      return seen.length === 1 ? first.promise : undefined;
    });
    stream.write('first');
    await turn();
    stream.resume();
    stream.write('early');
    await turn();
    expect([seen, stream.isPaused()]).toEqual([['first'], true]);
    first.resolve();
    await turn();
    stream.end('last');
    await turn();
    reader.limitWaiting(50);
    await reader.done;
    expect(seen).toEqual(['first', 'early', 'last']);
  });

  it('is done only when the last chunk has been taken', async () => {
    const stream = new PassThrough();
    let release = (): void => undefined;
    let isTaken = false;
    const reader = new StreamReader(stream, () => new Promise<void>((resolve) => (release = resolve)).then(() => void (isTaken = true)));
    stream.end('last');
    stream.once('data', () => stream.resume());
    await new Promise((resolve) => stream.once('end', resolve));
    release();
    await reader.done;
    expect(isTaken).toBe(true);
  });

  it('ends when nobody writes for as long as it may wait, and does not count the time of taking', async () => {
    const stream = new PassThrough();
    const seen: string[] = [];
    const reader = new StreamReader(stream, async (chunk) => {
      await new Promise((resolve) => setTimeout(resolve, 60));
      seen.push(chunk.toString());
      if (seen.length < 3) stream.write('x');
    });
    stream.write('x');
    reader.limitWaiting(50);
    await reader.done;
    expect(seen).toEqual(['x', 'x', 'x']);
    expect(stream.destroyed).toBe(true);
  });

  it('looks at what was written once more, when its own process was held up for longer than it may wait', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'kb-reader-'));
    const written = join(dir, 'written');
    const child = spawn('sh', ['-c', 'printf "%060000d" 0; : > "$1"', 'sh', written], { stdio: ['ignore', 'pipe', 'inherit'] });
    let length = 0;
    const reader = new StreamReader(child.stdout, (chunk) => void (length += chunk.length));
    // After an immediate come timers, and input only then.
    setImmediate(() => {
      const begin = monotonicMs();
      reader.limitWaiting(1);
      while (!existsSync(written) || monotonicMs() < begin + 20);
    });
    await reader.done;
    rmSync(dir, { recursive: true });
    expect(length).toBe(60_000);
  });

  it('ends at once when it is cut, whatever is being taken', async () => {
    const stream = new PassThrough();
    const reader = new StreamReader(stream, () => new Promise(() => undefined));
    stream.write('x');
    await vi.waitFor(() => expect(reader.state).toBe('taking'));
    reader.cut();
    await reader.done;
    expect(reader.state).toBe('ended');
  });

  it.each([
    ['at once', () => { throw new Error('full'); }],
    ['later', () => Promise.reject(new Error('full'))],
  ])('fails when taking fails %s', async (_, take) => {
    const stream = new PassThrough();
    const reader = new StreamReader(stream, take);
    stream.write('x');
    await expect(reader.done).rejects.toThrow('full');
    expect(stream.destroyed).toBe(true);
  });

  it('ends with a stream that breaks off', async () => {
    const stream = new PassThrough();
    const reader = new StreamReader(stream, () => undefined);
    stream.destroy(new Error('reset'));
    await reader.done;
  });
});
