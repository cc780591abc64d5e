import { AppError } from '@kb-labs/errors';
import type { Logger } from '@kb-labs/ports';

import { connectForCommands, silent, type RedisClient, type RedisConnection } from './connect.js';
import { Link } from './link.js';
import { toStateError } from './state-errors.js';

export interface CheckOptions {
  /** Accepts a server that can forget what it acknowledged. */
  readonly allowVolatile?: boolean;
  /** Is told what could be better and is no reason to refuse. */
  readonly logger?: Logger;
}

/** What is wrong with a server, and what to type into `redis-cli` against it. */
interface Flaw {
  readonly problem: string;
  readonly fix: string;
}

const OLDEST = [6, 2] as const;

/** Connects, looks whether the server can be trusted with state, and disconnects. Fails with `STATE_UNSAFE`, naming everything that is wrong, or `STATE_UNAVAILABLE`. */
export async function checkRedis(connection: RedisConnection, options: CheckOptions = {}): Promise<void> {
  const link = new Link(connectForCommands(connection), undefined);
  try {
    await checkServer(link, connection, options);
  } finally {
    await link.close();
  }
}

/** The same, on a connection that is there. Of a cluster every master is looked at. */
export async function checkServer(link: Link, connection: RedisConnection, options: CheckOptions): Promise<void> {
  // Waits for the connection, or says that there is none.
  await link.call('PING');
  await selectDatabase(link);
  const nodes = 'nodes' in link.client ? link.client.nodes('master') : [link.client];
  const flaws = (await Promise.all(nodes.map(async (node) => flawsOf(await infoOf(node), options)))).flat();
  if (await isOpenToOthers(link.client, connection)) {
    flaws.push({ problem: 'anybody who reaches it may use it: it asks for no password', fix: 'CONFIG SET requirepass <password>' });
  }
  if (flaws.length === 0) return await advise(link, options);
  const [problems, fixes] = [unique(flaws.map((flaw) => flaw.problem)), unique(flaws.map((flaw) => flaw.fix))];
  throw new AppError('STATE_UNSAFE', { problem: problems.join('; ') }, { hint: `${fixes.join(' · ')} (and the same in redis.conf)` });
}

/** The client goes on in the first database when the server has none of the number that was asked for. */
async function selectDatabase(link: Link): Promise<void> {
  if (!('nodes' in link.client)) await link.call('SELECT', link.client.options.db ?? 0);
}

/** The setting can be hidden from this user, as hosted servers do. */
async function advise(link: Link, { allowVolatile = false, logger }: CheckOptions): Promise<void> {
  if (allowVolatile || logger === undefined) return;
  const [, sync] = (await link.call('CONFIG', 'GET', 'appendfsync').catch(() => [])) as string[];
  if (sync === undefined || sync === 'always') return;
  logger.warn('the server can lose the last two seconds of what it acknowledged when it is killed or its machine fails', {
    setting: `appendfsync ${sync}`,
    fix: 'CONFIG SET appendfsync always',
  });
}

export function flawsOf(info: ReadonlyMap<string, string>, { allowVolatile = false }: CheckOptions): Flaw[] {
  const flaws: Flaw[] = [];
  const version = info.get('redis_version') ?? '0';
  if (!isRecent(version)) flaws.push({ problem: `it is version ${version}, ${OLDEST.join('.')} is the oldest that will do`, fix: 'install a newer redis-server' });
  if (allowVolatile) return flaws;
  if (info.get('aof_enabled') !== '1') flaws.push({ problem: 'it keeps no append-only file, so a restart loses what it acknowledged', fix: 'CONFIG SET appendonly yes' });
  const policy = info.get('maxmemory_policy');
  if (policy !== 'noeviction') flaws.push({ problem: `it removes keys when memory is short (maxmemory-policy ${policy ?? 'unknown'})`, fix: 'CONFIG SET maxmemory-policy noeviction' });
  return flaws;
}

async function infoOf(node: { info(): Promise<string> }): Promise<Map<string, string>> {
  try {
    const text = await node.info();
    return new Map(text.split('\r\n').flatMap((line) => (line.includes(':') ? [[line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1)] as const] : [])));
  } catch (thrown) {
    throw toStateError(thrown);
  }
}

function isRecent(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major > OLDEST[0] || (major === OLDEST[0] && minor >= OLDEST[1]);
}

/** Whether a server on another address answers somebody who names no password. */
async function isOpenToOthers(client: RedisClient, connection: RedisConnection): Promise<boolean> {
  if ('nodes' in client || isLocal(client.stream.remoteAddress)) return false;
  const stranger = strangerTo(connection, client);
  if (stranger === undefined) return false;
  try {
    await stranger.connect();
    await stranger.ping();
    return true;
  } catch {
    return false;
  } finally {
    stranger.disconnect();
  }
}

function strangerTo(connection: RedisConnection, client: RedisClient): RedisClient | undefined {
  if ('nodes' in client || 'connect' in connection) return undefined;
  return silent(client.duplicate({ lazyConnect: true, retryStrategy: () => null, enableOfflineQueue: true, username: '', password: '' }));
}

/** A Unix socket has no address. */
function isLocal(address: string | undefined): boolean {
  return address === undefined || address === '::1' || /^(::ffff:)?127\./.test(address);
}

function unique(texts: readonly string[]): string[] {
  return [...new Set(texts)];
}
