import { connect, isIP } from 'node:net';
import { Duplex } from 'node:stream';

import type { PluginConnect } from '@kb-labs/contracts';
import { AppError } from '@kb-labs/errors';

import type { Grant } from './grant.js';
import { judgeAddress, judgedLookup, type Lookup } from './judged-lookup.js';

export interface ConnectOptions {
  readonly grant: Pick<Grant, 'requireHost'>;
  readonly signal: AbortSignal;
  readonly lookup?: Lookup;
}

/** `ctx.connect`. What a host is, and where it may lead, is decided as for `ctx.fetch`. */
export function pluginConnect({ grant, signal, lookup }: ConnectOptions): PluginConnect {
  return async (written, port) => {
    const host = toHost(written);
    if (!Number.isInteger(port) || port < 1 || port > 65_535) throw new RangeError(`not a port: ${String(port)}`);
    const reach = grant.requireHost(host);
    judgeAddress(reach, host);
    signal.throwIfAborted();
    return new Promise((done, failed) => {
      const socket = connect({ host, port, lookup: judgedLookup(reach, lookup) });
      const abort = (): void => {
        failed(signal.reason);
        socket.destroy();
      };
      signal.addEventListener('abort', abort, { once: true });
      socket.once('close', () => signal.removeEventListener('abort', abort));
      socket.once('error', failed);
      socket.once('connect', () => done(Duplex.toWeb(socket)));
    });
  };
}

/** Nothing that an address would read as more than a host, and nothing that it would leave out. */
const NO_HOST = /[\p{Cc}\s/\\@?#:%[\]]/u;

/** As an address on the web would name it, so that `0x7f.1` is judged and granted as the address it is. */
function toHost(written: string): string {
  const bare = written.replace(/^\[([^[\]]*)\]$/, '$1');
  const isVersion6 = isIP(bare) === 6;
  const url = isVersion6 || !NO_HOST.test(written) ? URL.parse(`http://${isVersion6 ? `[${bare}]` : written}/`) : null;
  if (url === null || url.hostname === '') {
    throw new AppError('PERMISSION_DENIED', { act: `connecting to ${JSON.stringify(written.slice(0, 256))}`, permission: 'network' }, { hint: 'this is no host name and no address' });
  }
  return url.hostname.replace(/^\[|\]$/g, '');
}
