import { Redis } from 'ioredis';
import { expect, it, onTestFinished, vi } from 'vitest';

import { connectForCommands, type RedisConnection } from './connect.js';
import { sharedServer } from './shared-server.fixture.js';

const server = sharedServer();

/** Each piece that a socket hands to the system, by how many commands are in it. */
function piecesOf(stream: Redis['stream']): number[] {
  const pieces: number[] = [];
  const countIn = (chunk: unknown): number => String(chunk).split('\r\nPING\r\n').length - 1;
  const { _write: write, _writev: writev } = stream;
  vi.spyOn(stream, '_write').mockImplementation((chunk: unknown, ...rest) => {
    pieces.push(countIn(chunk));
    write.call(stream, chunk, ...rest);
  });
  vi.spyOn(stream, '_writev').mockImplementation((chunks, done) => {
    pieces.push(chunks.reduce((sum, { chunk }) => sum + countIn(chunk), 0));
    writev?.call(stream, chunks, done);
  });
  return pieces;
}

async function piecesOfTen(connect: (url: string) => RedisConnection): Promise<number[]> {
  const client = connectForCommands(connect(server.url)) as Redis;
  onTestFinished(() => client.disconnect());
  await new Promise((resolve) => client.once('ready', resolve));
  const pieces = piecesOf(client.stream);
  const answers = Array.from({ length: 5 }, () => client.call('PING'));
  // Of the same turn, as what goes on after an answer is.
  await Promise.resolve().then(() => void answers.push(...Array.from({ length: 5 }, () => client.call('PING'))));
  expect(await Promise.all(answers)).toEqual(Array(10).fill('PONG'));
  return pieces;
}

it('hands the commands of one turn to the system in one piece', async () => {
  expect(await piecesOfTen((url) => ({ url }))).toEqual([10]);
  expect(await piecesOfTen((url) => ({ options: { port: Number(new URL(url).port) } }))).toEqual([10]);
  expect(await piecesOfTen((url) => ({ connect: ({ redis }) => new Redis(url, redis) }))).toEqual([10]);
});
