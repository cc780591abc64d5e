import { AppError } from '@kb-labs/errors';

import { isLoopback } from '../loopback.js';

export interface Exposure {
  /** Where the gateway is to listen. */
  readonly host: string;
  /** Whether somebody could administer it from elsewhere: a key with the role admin that counts, other than the one of this machine. */
  readonly hasAdminKey: boolean;
  /** The names it is to answer to. */
  readonly allowedHosts: readonly string[];
  /** Whether browsers and clients come by TLS. */
  readonly secure: boolean;
}

/**
 * Fails with `EXPOSURE_UNSAFE` for an address that others can reach, unless there is a key to ask for and names to answer to.
 * Answers what should be told whoever starts it all the same.
 */
export function refuseUnsafe({ host, hasAdminKey, allowedHosts, secure }: Exposure): string[] {
  if (isLoopback(host)) return [];
  if (!hasAdminKey) throw new AppError('EXPOSURE_UNSAFE', { host, problem: 'there is no key with the role admin' }, { hint: 'make one with "kb auth:create-key --role=admin"' });
  if (allowedHosts.length === 0) {
    throw new AppError('EXPOSURE_UNSAFE', { host, problem: 'no name is set that it answers to' }, { hint: 'name the hosts it is reached by under "gateway.allowed-hosts" in the settings' });
  }
  return secure ? [] : [`others can reach ${host}, and the setting "url" is no https address: keys are sent for everybody on the way to read. Put a proxy with TLS in front`];
}
