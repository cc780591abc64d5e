import { type LookupAddress, type LookupOptions, lookup as systemLookup } from 'node:dns';
import { isIP } from 'node:net';

import { AppError } from '@kb-labs/errors';

import { isPrivateAddress } from './private-addresses.js';

/** Whether addresses inside private networks may be reached too. */
export type Reach = 'any-address' | 'public-address';

export type Lookup = (host: string, options: LookupOptions & { all: true }, done: (error: NodeJS.ErrnoException | null, found: LookupAddress[]) => void) => void;

/**
 * A look-up for a connection to be made by. What a name leads to is judged here, on the very answer that is connected to, so a
 * name cannot first lead to one place and then to another. One private address among others is enough to refuse the name.
 */
export function judgedLookup(reach: Reach, lookup: Lookup = systemLookup) {
  return (host: string, options: LookupOptions, done: (error: Error | null, address: string | LookupAddress[], family?: number) => void): void => {
    lookup(host, { ...options, all: true }, (error, found) => {
      const hidden = error === null && reach === 'public-address' ? found.find(({ address }) => isPrivateAddress(address)) : undefined;
      const first = error === null ? found[0] : undefined;
      if (hidden !== undefined) done(privateAddress(host, hidden.address), []);
      else if (first === undefined) done(error ?? new Error(`${host} has no address`), []);
      else if (options.all === true) done(null, found);
      else done(null, first.address, first.family);
    });
  };
}

/** For a host that is an address: nothing looks it up. */
export function judgeAddress(reach: Reach, host: string): void {
  if (reach === 'public-address' && isIP(host) !== 0 && isPrivateAddress(host)) throw privateAddress(host, host);
}

function privateAddress(host: string, address: string): AppError {
  const hint = 'an address in a private network is reached only through a host written out in "network", not through a pattern';
  return new AppError('PERMISSION_DENIED', { act: `reaching ${host} (${address})`, permission: `network: [${host}]` }, { hint });
}
