import { FatalError } from '@kb-labs/sdk';

/** The address of a service. `name` says where it came from: the address itself may be a secret, and stays out of messages. */
export function serviceAddress(written: string, name: string): URL {
  const url = URL.parse(written.trim());
  if (url === null || (url.protocol !== 'https:' && url.protocol !== 'http:')) {
    throw new FatalError(`${name} is no address of the web`, { code: 'INPUT_INVALID', hint: 'it begins with https:// or http://' });
  }
  return url;
}
