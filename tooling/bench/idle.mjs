import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';

import { startDaemon } from './daemon-process.mjs';
import { commandCounts } from './peers/redis-info.mjs';
import { inTemporaryFolder } from './temporary-folder.mjs';

/** @type {{ startRedisServer: typeof import('../../packages/testkit/src/redis-server.js').startRedisServer }} By a URL, because it is a source that Node runs as it is. */
const { startRedisServer } = await import(new URL('../../packages/testkit/src/redis-server.ts', import.meta.url).href);

/** Of one processor. */
const CPU_LIMIT = 0.005;
const MEMORY_LIMIT = 120e6;
/** Below ten. */
const COMMANDS_LIMIT = 10;
const SCHEDULES = 100;
const WAITING = 100;
const WATCHED_MS = 60_000;
/** Until what was started has settled: V8 collects what that has left, once, some 8 to 16 s after it. */
const SETTLE_MS = 30_000;
/** How the kernel counts processor time, on all Linux that Node runs on. */
const TICKS_PER_SECOND = 100;

const ASK = 'id: ask\njobs:\n  one:\n    steps: [{ id: ok, uses: "builtin:approval", with: { title: Go on? } }]\n';

/**
 * What a daemon with nothing to do costs: processor, memory, and commands to Redis, while a hundred schedules are not due and a hundred runs wait for somebody.
 *
 * @param {{ repeats?: number | undefined }} options minutes, 1 when left out
 */
export async function benchIdle({ repeats = 1 }) {
  if (process.platform !== 'linux') throw new Error('what a process has used is read from /proc, which is there on Linux alone');
  const watchedMs = repeats * WATCHED_MS;
  const embedded = await watchIdle({}, watchedMs);
  const redis = await watchIdleOnRedis(watchedMs);
  const commandsPerSecond = (redis.commands?.total ?? Number.NaN) / (watchedMs / 1_000);
  const rows = [
    { name: 'embedded: processor', value: `${(embedded.cpu * 100).toFixed(2)} % of one`, limit: `${String(CPU_LIMIT * 100)} %`, within: embedded.cpu < CPU_LIMIT },
    { name: 'embedded: memory', value: `${toMegabytes(embedded.bytes)} MB`, limit: `${toMegabytes(MEMORY_LIMIT)} MB`, within: embedded.bytes < MEMORY_LIMIT },
    { name: 'Redis: commands per second', value: commandsPerSecond.toFixed(1), limit: String(COMMANDS_LIMIT), within: commandsPerSecond < COMMANDS_LIMIT },
    { name: 'Redis: processor', value: `${(redis.cpu * 100).toFixed(2)} % of one` },
    { name: 'Redis: memory', value: `${toMegabytes(redis.bytes)} MB` },
  ];
  const often = Object.entries(redis.commands?.each ?? {}).map(([name, calls]) => `${name} ${(calls / (watchedMs / 1_000)).toFixed(2)}`);
  return {
    title: `A daemon with ${String(SCHEDULES)} schedules that are not due and ${String(WAITING)} runs that wait, for ${String(watchedMs / 1_000)} s`,
    embedded,
    redis,
    commandsPerSecond,
    rows,
    within: rows.every(({ within }) => within !== false),
    note: `commands per second by name: ${often.join(', ')}; Node ${process.version}; ${String(cpus().length)} cores`,
  };
}

/** @param {number} watchedMs */
async function watchIdleOnRedis(watchedMs) {
  const server = await startRedisServer({ 'maxmemory-policy': 'noeviction' });
  try {
    return await watchIdle({ KB_STATE_URL: server.url }, watchedMs, server.port);
  } finally {
    await server.stop();
  }
}

/** @param {Awaited<ReturnType<typeof benchIdle>>} report */
export function tabulateIdle({ rows }) {
  return {
    header: ['', 'measured', 'promised'],
    rows: rows.map(({ name, value, limit, within }) => [name, value, limit === undefined ? '' : `${within ? 'below' : 'NOT BELOW'} ${limit}`]),
  };
}

/**
 * @param {NodeJS.ProcessEnv} env
 * @param {number} watchedMs
 * @param {number} [redisPort]
 */
async function watchIdle(env, watchedMs, redisPort) {
  return inTemporaryFolder(async (dir) => {
    mkdirSync(join(dir, '.kb/workflows'), { recursive: true });
    writeFileSync(join(dir, '.kb/workflows/ask.yml'), ASK);
    for (let n = 0; n < SCHEDULES; n += 1) writeFileSync(join(dir, `.kb/workflows/scheduled-${String(n)}.yml`), scheduled(n));
    const daemon = await startDaemon(dir, env);
    try {
      for (let n = 0; n < WAITING; n += 1) await daemon.request('/api/v1/workflows/runs', { method: 'POST', body: JSON.stringify({ workflowId: 'ask' }) });
      await untilAllWait(daemon);
      await wait(SETTLE_MS);
      const before = redisPort === undefined ? undefined : await commandCounts(redisPort);
      const cpuBefore = cpuSeconds(daemon.pid);
      await wait(watchedMs);
      const cpu = (cpuSeconds(daemon.pid) - cpuBefore) / (watchedMs / 1_000);
      const bytes = residentBytes(daemon.pid);
      const after = redisPort === undefined ? undefined : await commandCounts(redisPort);
      return { cpu, bytes, ...(before === undefined || after === undefined ? {} : { commands: difference(before, after) }) };
    } finally {
      await daemon.stop();
    }
  });
}

/**
 * In half a year, each at another minute.
 *
 * @param {number} n
 */
function scheduled(n) {
  const inMonths = (new Date().getUTCMonth() + 6) % 12;
  return `id: scheduled-${String(n)}\npermissions: { shell: true }\non:\n  schedule: [{ cron: "${String(n % 60)} ${String(n % 24)} 1 ${String(inMonths + 1)} *" }]\njobs:\n  one:\n    steps: [{ run: "true" }]\n`;
}

/** @param {import('./daemon-process.mjs').Daemon} daemon */
async function untilAllWait(daemon) {
  for (;;) {
    const { items } = /** @type {{ items: unknown[] }} */ (await (await daemon.request('/api/v1/workflows/runs?limit=200&status=waiting')).json());
    if (items.length === WAITING) return;
    await wait(500);
  }
}

/** @param {number} pid */
function cpuSeconds(pid) {
  const stat = readFileSync(`/proc/${String(pid)}/stat`, 'utf8');
  // The name of the program, in parentheses, can hold anything.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}

/** @param {number} pid */
function residentBytes(pid) {
  const kilobytes = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${String(pid)}/status`, 'utf8'))?.[1];
  return Number(kilobytes) * 1_024;
}

/**
 * @param {Record<string, number>} before
 * @param {Record<string, number>} after
 */
function difference(before, after) {
  const each = Object.fromEntries(
    Object.entries(after)
      .map(([name, calls]) => /** @type {const} */ ([name, calls - (before[name] ?? 0)]))
      .filter(([, calls]) => calls > 0)
      .sort(([, a], [, b]) => b - a),
  );
  return { total: Object.values(each).reduce((sum, calls) => sum + calls, 0), each };
}

/** @param {number} bytes */
function toMegabytes(bytes) {
  return (bytes / 1e6).toFixed(0);
}
