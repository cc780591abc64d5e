import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';

import type { PluginConnection } from '@kb-labs/sdk';

/** A connection as what the mail library takes for a socket: a stream that emits `timeout` when nothing came for so long. */
export function asSocket(connection: PluginConnection): Socket {
  const stream = Duplex.fromWeb(connection);
  let timer: NodeJS.Timeout | undefined;
  const socket = Object.assign(stream, {
    setTimeout: (ms: number) => {
      clearTimeout(timer);
      timer = ms === 0 ? undefined : setTimeout(() => stream.emit('timeout'), ms);
      return socket;
    },
  });
  stream.on('data', () => timer?.refresh());
  stream.on('drain', () => timer?.refresh());
  stream.once('close', () => clearTimeout(timer));
  // The listener above has started it; nothing may be read before the library listens.
  stream.pause();
  // Of a socket, that is all the library needs: the rest of one is the engine's.
  return socket as unknown as Socket;
}
