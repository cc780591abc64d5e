import { connect } from 'node:net';
import { Duplex } from 'node:stream';

import type { PluginConnect } from '@kb-labs/contracts';

/** Connections of a test's handler: real ones, to wherever they are asked for, that end with the signal. */
export function testConnect(signal: AbortSignal): PluginConnect {
  return (host, port) =>
    new Promise((done, failed) => {
      signal.throwIfAborted();
      const socket = connect({ host, port });
      const abort = (): void => {
        failed(signal.reason);
        socket.destroy();
      };
      signal.addEventListener('abort', abort, { once: true });
      socket.once('close', () => signal.removeEventListener('abort', abort));
      socket.once('error', failed);
      socket.once('connect', () => done(Duplex.toWeb(socket)));
    });
}
