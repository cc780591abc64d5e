import { Redis } from 'ioredis';

import type { RedisConnection } from './connect.js';
import { PROBE } from './keys-together.js';
import type { Script } from './lua/script.js';

/** What happens to a call before it is sent (throwing keeps it from being sent), and to its answer. */
export interface Interceptor {
  /** The server is taken for one that spreads keys, as a cluster does: what is one call elsewhere takes several, and something can happen in between. */
  readonly keysApart?: true;
  before?(command: string, args: readonly (string | number)[]): void | Promise<void>;
  after?(command: string, args: readonly (string | number)[]): void | Promise<void>;
}

/** A connection whose calls can be watched, delayed, lost, or be the last thing a process does. */
export function intercepted(url: string, interceptor: Interceptor): RedisConnection {
  return {
    connect(settings) {
      const client = new Redis(url, settings.redis);
      const call = client.call.bind(client) as (command: string, ...args: (string | number)[]) => Promise<unknown>;
      const watched = async (command: string, ...args: (string | number)[]): Promise<unknown> => {
        if (interceptor.keysApart && isProbe(command, args)) throw new Error('CROSSSLOT');
        await interceptor.before?.(command, args);
        const answer = await call(command, ...args);
        await interceptor.after?.(command, args);
        return answer;
      };
      return Object.assign(client, { call: watched });
    },
  };
}

export function isCallOf(script: Script, command: string, args: readonly (string | number)[]): boolean {
  return (command === 'EVALSHA' && args[0] === script.sha) || (command === 'EVAL' && args[0] === script.source);
}

function isProbe(command: string, args: readonly (string | number)[]): boolean {
  return command === 'EVAL' && args[0] === PROBE;
}

/** What a client of ours sees when the connection ends before the answer. */
export function lostConnection(): Error {
  return new Error('Connection is closed.');
}
