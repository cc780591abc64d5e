import { type Cluster, type ClusterOptions, Redis, type RedisOptions } from 'ioredis';

export type RedisClient = Redis | Cluster;
/** Options of a connection of ioredis. The shape of replies is not among them: scripts rely on it. */
export type ConnectionOptions = Omit<RedisOptions, 'replyMapping'>;

/**
 * Where Redis is: a URL (`redis://`, `rediss://` for TLS), options of ioredis (Sentinel among them), or a function that
 * makes a client. It is called for each connection and has to hand the settings it is given on to ioredis, with its own
 * added: without them a command could be sent twice.
 */
export type RedisConnection =
  | { readonly url: string }
  | { readonly options: ConnectionOptions }
  | { readonly connect: (settings: ClientSettings) => RedisClient };

export interface ClientSettings {
  readonly redis: ConnectionOptions;
  readonly cluster: ClusterOptions;
}

/** How long an answer may take before its connection counts as dead, in milliseconds. */
const ANSWER_WITHIN_MS = 5_000;
const CONNECT_WITHIN_MS = 2_000;
const LONGEST_RETRY_MS = 500;
/** How often a server that is reading its file is asked whether it has done so, in milliseconds. */
const LOADING_RETRY_MS = 100;

/**
 * A connection for commands. What was sent is never sent again by itself: nobody knows whether it was done. What cannot be
 * sent now fails instead of queueing; `Link` waits for the connection.
 */
export function connectForCommands(connection: RedisConnection, answerWithinMs = ANSWER_WITHIN_MS): RedisClient {
  return connect(connection, {
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    commandTimeout: answerWithinMs,
    connectTimeout: CONNECT_WITHIN_MS,
    maxLoadingRetryTime: LOADING_RETRY_MS,
    // After a failover the old master stays reachable and only reads.
    reconnectOnError: (error) => error.message.includes('READONLY'),
    retryStrategy,
  });
}

/** A connection for hints: it listens, and listens again after every loss. */
export function connectForHints(connection: RedisConnection): RedisClient {
  return connect(connection, { maxRetriesPerRequest: null, connectTimeout: CONNECT_WITHIN_MS, maxLoadingRetryTime: LOADING_RETRY_MS, retryStrategy });
}

function connect(connection: RedisConnection, redis: ConnectionOptions): RedisClient {
  if ('url' in connection) return inOnePiece(silent(new Redis(connection.url, redis)));
  if ('options' in connection) return inOnePiece(silent(new Redis({ ...connection.options, ...redis })));
  const cluster: ClusterOptions = {
    redisOptions: redis,
    // Of a command whose connection was lost nobody knows whether it was done.
    retryDelayOnFailover: 0,
    clusterRetryStrategy: retryStrategy,
    ...(redis.enableOfflineQueue === undefined ? {} : { enableOfflineQueue: redis.enableOfflineQueue }),
  };
  return inOnePiece(silent(connection.connect({ redis, cluster })));
}

/** The commands of one turn go to the system together, instead of each by itself. */
function inOnePiece<Client extends RedisClient>(client: Client): Client {
  if ('nodes' in client) {
    client.on('+node', (node: Redis) => corkInTurns(node));
    client.nodes().forEach(corkInTurns);
  } else corkInTurns(client);
  return client;
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

function retryStrategy(times: number): number {
  return Math.min(50 * times, LONGEST_RETRY_MS);
}

/** Every command that fails says so itself; an error event without a listener would be printed. */
export function silent<Client extends RedisClient>(client: Client): Client {
  client.on('error', () => undefined);
  return client;
}
