import { AppError } from '@kb-labs/errors';
import { type Cluster, type ClusterOptions, Redis, type RedisOptions } from 'ioredis';

export type RedisClient = Redis | Cluster;

/**
 * Where Redis is: a URL (`redis://`, `rediss://` for TLS), options of ioredis (Sentinel among them), or a function that makes
 * a client and hands the settings it is given on to ioredis, with its own added.
 */
export type RunnerConnection =
  | { readonly url: string }
  | { readonly options: Omit<RedisOptions, 'replyMapping'> }
  | { readonly connect: (settings: ClientSettings) => RedisClient };

export interface ClientSettings {
  readonly redis: Omit<RedisOptions, 'replyMapping'>;
  readonly cluster: ClusterOptions;
}

/** How long a first connection may take before the server counts as away, in milliseconds. */
const CONNECTED_WITHIN_MS = 2_000;
/** A process that stood still was not waiting: however long that took, it counts as one look. */
const LOOK_MS = 100;
const LONGEST_RETRY_MS = 500;
const LOADING_RETRY_MS = 100;

/**
 * A connection that BullMQ sends its commands on. None of them waits: what cannot be sent now fails, what was sent fails when
 * it is not answered in time, and nothing is sent twice. BullMQ asks for endless retries on connections that block only.
 */
export async function connect(connection: RunnerConnection, answerWithinMs: number): Promise<RedisClient> {
  const client = open(connection, {
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    commandTimeout: answerWithinMs,
    connectTimeout: CONNECTED_WITHIN_MS,
    maxLoadingRetryTime: LOADING_RETRY_MS,
    reconnectOnError: (error) => error.message.includes('READONLY'),
    retryStrategy,
  });
  inOnePiece(client);
  let problem = 'no connection';
  // Every command that fails says so itself; an error event without a listener would end the process.
  client.on('error', (error: Error) => (problem = error.message));
  try {
    await ready(client);
  } catch {
    client.disconnect();
    throw new AppError('STATE_UNAVAILABLE', { problem });
  }
  return client;
}

/** Whatever else was sent on a connection that does not answer will not be answered either. */
export function giveUpConnection(client: RedisClient): void {
  if ('nodes' in client) client.disconnect(true);
  else client.stream.destroy();
}

function open(connection: RunnerConnection, redis: ClientSettings['redis']): RedisClient {
  if ('url' in connection) return new Redis(connection.url, redis);
  if ('options' in connection) return new Redis({ ...connection.options, ...redis });
  return connection.connect({
    redis,
    cluster: { redisOptions: redis, retryDelayOnFailover: 0, clusterRetryStrategy: retryStrategy, enableOfflineQueue: false },
  });
}

/** The commands of one turn go to the system together, instead of each by itself. */
function inOnePiece(client: RedisClient): void {
  if ('nodes' in client) {
    client.on('+node', (node: Redis) => corkInTurns(node));
    client.nodes().forEach(corkInTurns);
  } else corkInTurns(client);
}

function corkInTurns(client: Redis): void {
  const send = client.sendCommand.bind(client);
  client.sendCommand = (command, pipeline) => {
    const { stream } = client;
    // There is none yet while the connection is made.
    if ((stream as typeof stream | undefined)?.writableCorked === 0) {
      stream.cork();
      process.nextTick(() => stream.uncork());
    }
    return send(command, pipeline);
  };
}

function ready(client: RedisClient): Promise<void> {
  return new Promise((resolve, reject) => {
    let waitedMs = 0;
    const timer = setInterval(() => {
      waitedMs += LOOK_MS;
      if (waitedMs < CONNECTED_WITHIN_MS) return;
      clearInterval(timer);
      reject(new Error('it took too long'));
    }, LOOK_MS);
    client.once('ready', () => {
      clearInterval(timer);
      resolve();
    });
  });
}

function retryStrategy(times: number): number {
  return Math.min(50 * times, LONGEST_RETRY_MS);
}
