import { once } from 'node:events';
import { createConnection } from 'node:net';
import { cpus } from 'node:os';
import { join } from 'node:path';

import { Contestant } from './peers/contestant.mjs';
import { commandCounts, readInfo } from './peers/redis-info.mjs';
import { startTestRedis } from './peers/test-redis.mjs';
import { inTemporaryFolder } from './temporary-folder.mjs';

const AT_ONCE = 50;
const COUNT = 2_000;
/** A run of `print` has so many lines more than one of `three`. */
const LINES = 100;
const LISTENERS = 1_000;
const MESSAGES = 500;

/**
 * What runs take up in Redis and ask of it and of their worker: the figures that the size of an installation is reckoned from. Nothing is promised of
 * them, and there is no reference: bytes, keys and calls are the same on every machine, and processor time is told with the machine.
 *
 * @param {{ repeats?: number | undefined }} options how many thousand runs of each kind, 2 when left out
 */
export async function benchCapacity({ repeats }) {
  const count = repeats === undefined ? COUNT : repeats * 1_000;
  return inTemporaryFolder(async (dir) => {
    // A file that is written anew meanwhile would be taken for one that shrinks.
    const redis = await startTestRedis({ 'auto-aof-rewrite-percentage': '0' });
    try {
      const port = Number(new URL(redis.url).port);
      const connectionsBefore = await connectionsOf(port);
      const engine = await Contestant.startSource(new URL('./peers/ours.mjs', import.meta.url), [join(dir, 'ours'), String(AT_ONCE), redis.url]);
      // What is made once, connections and their buffers, lists of the installation and compiled code, belongs to no run.
      for (const workflow of ['three', 'print']) await engine.ask({ do: 'batch', atOnce: AT_ONCE, count: AT_ONCE * 4, workflow });
      const of = (/** @type {{ do: string, workflow?: string }} */ what) => perRun(engine, port, count, () => engine.ask({ ...what, atOnce: AT_ONCE, count }));
      const ended = await of({ do: 'batch', workflow: 'three' });
      const printed = await of({ do: 'batch', workflow: 'print' });
      const waiting = await of({ do: 'leaveWaiting' });
      const connections = (await connectionsOf(port)) - connectionsBefore;
      await engine.end();
      const messageMs = await costOfMessage(port);
      const bytesPerLine = (printed.bytes - ended.bytes) / LINES;
      return {
        title: 'What a run takes on Redis',
        ended,
        printed,
        waiting,
        bytesPerLine,
        connections,
        messageMs,
        within: true,
        note: `${String(count)} runs of each kind, ${String(AT_ONCE)} at once; ${redis.version}; Node ${process.version}; ${String(cpus().length)} cores; a line of 100 characters in a log takes ${bytesPerLine.toFixed(0)} bytes; a worker process has ${String(connections)} connections; a message to ${String(LISTENERS)} that listen takes Redis ${messageMs.toFixed(2)} ms`,
      };
    } finally {
      await redis.stop();
    }
  });
}

/** @param {Awaited<ReturnType<typeof benchCapacity>>} report */
export function tabulateCapacity({ ended, printed, waiting }) {
  const kinds = [ended, printed, waiting];
  return {
    header: ['for each run', 'three steps, ended', `the same with ${String(LINES)} lines`, 'waits for a person'],
    rows: [
      ['memory of Redis', ...kinds.map(({ bytes }) => `${(bytes / 1_024).toFixed(1)} KiB`)],
      ['keys', ...kinds.map(({ keys }) => keys.toFixed(1))],
      ['append-only file', ...kinds.map(({ fileBytes }) => `${(fileBytes / 1_024).toFixed(1)} KiB`)],
      ['scripts', ...kinds.map(({ scripts }) => scripts.toFixed(1))],
      ['commands, with what scripts call', ...kinds.map(({ commands }) => commands.toFixed(0))],
      ['messages published', ...kinds.map(({ messages }) => messages.toFixed(1))],
      ['network, both ways', ...kinds.map(({ networkBytes }) => `${(networkBytes / 1_024).toFixed(1)} KiB`)],
      ['processor of Redis', ...kinds.map(({ redisMs }) => `${redisMs.toFixed(2)} ms`)],
      ['processor of the worker', ...kinds.map(({ workerMs }) => `${workerMs.toFixed(2)} ms`)],
    ],
  };
}

/**
 * @param {Contestant} engine
 * @param {number} port
 * @param {number} count
 * @param {() => Promise<unknown>} work
 */
async function perRun(engine, port, count, work) {
  const before = await readings(engine, port);
  await work();
  const after = await readings(engine, port);
  return /** @type {typeof before} */ (Object.fromEntries(Object.entries(after).map(([name, value]) => [name, (value - before[/** @type {keyof typeof before} */ (name)]) / count])));
}

/** @param {Map<string, string>} info */
function processorMs(info) {
  return (Number(info.get('used_cpu_sys')) + Number(info.get('used_cpu_user'))) * 1_000;
}

/**
 * As when a ticket is there and every process of an installation hears of it.
 *
 * @param {number} port
 */
async function costOfMessage(port) {
  const host = '127.0.0.1';
  const listeners = await Promise.all(
    Array.from({ length: LISTENERS }, async () => {
      const listener = createConnection({ port, host });
      listener.write('SUBSCRIBE capacity\r\n');
      await once(listener, 'data');
      return listener;
    }),
  );
  const bytes = MESSAGES * '*3\r\n$7\r\nmessage\r\n$8\r\ncapacity\r\n$0\r\n\r\n'.length;
  const heard = Promise.all(listeners.map((listener) => untilReceived(listener, bytes)));
  const before = processorMs(await readInfo(port, 'cpu'));
  const speaker = createConnection({ port, host });
  for (let sent = 0; sent < MESSAGES; sent += 1) {
    speaker.write('*3\r\n$7\r\nPUBLISH\r\n$8\r\ncapacity\r\n$0\r\n\r\n');
    // One at a time, as tickets come.
    await once(speaker, 'data');
  }
  await heard;
  const after = processorMs(await readInfo(port, 'cpu'));
  for (const socket of [...listeners, speaker]) socket.destroy();
  return (after - before) / MESSAGES;
}

/**
 * @param {import('node:net').Socket} socket
 * @param {number} bytes
 * @returns {Promise<void>}
 */
function untilReceived(socket, bytes) {
  return new Promise((resolve) => {
    let left = bytes;
    socket.on('data', (chunk) => {
      left -= chunk.length;
      if (left <= 0) resolve();
    });
  });
}

/** @param {number} port */
async function connectionsOf(port) {
  return Number((await readInfo(port, 'clients')).get('connected_clients'));
}

/**
 * @param {Contestant} engine
 * @param {number} port
 */
async function readings(engine, port) {
  const [all, counts, workerMs] = await Promise.all([readInfo(port, 'everything'), commandCounts(port), /** @type {Promise<number>} */ (engine.ask({ do: 'processorMs' }))]);
  const number = (/** @type {string} */ name) => Number(all.get(name));
  const commands = Object.values(counts).reduce((sum, calls) => sum + calls, 0);
  return {
    bytes: number('used_memory'),
    keys: Number(/keys=(\d+)/.exec(all.get('db0') ?? '')?.[1] ?? 0),
    fileBytes: number('aof_current_size'),
    scripts: (counts['evalsha'] ?? 0) + (counts['eval'] ?? 0),
    commands,
    messages: counts['publish'] ?? 0,
    networkBytes: number('total_net_input_bytes') + number('total_net_output_bytes'),
    redisMs: processorMs(all),
    workerMs,
  };
}
