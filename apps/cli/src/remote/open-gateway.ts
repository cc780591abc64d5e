import { isBaseUrl } from '@kb-labs/daemon';
import { AppError } from '@kb-labs/errors';

import type { AccessDesk } from '../desk/access-desk.js';
import type { GatewayPlace } from '../desk/gateway-place.js';
import type { Library } from '../desk/library.js';
import type { RouteDesk } from '../desk/route-desk.js';
import type { RunDesk } from '../desk/run-desk.js';
import { connect } from './connect.js';
import { remoteAccess } from './remote-access.js';
import { remoteDesk } from './remote-desk.js';
import { remoteLibrary } from './remote-library.js';

export interface OpenGateway {
  readonly desk: RunDesk;
  readonly library: Library;
  readonly access: AccessDesk;
  readonly routes: RouteDesk;
}

/** What a gateway answers. Nothing is asked before it is needed. Fails with `CONFIG_INVALID`. */
export function openGateway(place: GatewayPlace, folder: string): OpenGateway {
  // What is wrong with it is not shown: there may be a password in it.
  if (!isBaseUrl(place.url)) throw new AppError('CONFIG_INVALID', { problem: 'KB_URL is no address of a gateway' }, { hint: 'write an address such as https://kb.example.com, without a user and a query' });
  if (place.key !== undefined && !/^[\x21-\x7e]+$/.test(place.key)) throw new AppError('CONFIG_INVALID', { problem: 'KB_API_KEY is no key' }, { hint: 'a key begins with kb_ and has neither blanks nor line breaks' });
  const client = connect(place);
  return { desk: remoteDesk(client, place), library: remoteLibrary(client, folder), access: remoteAccess(client), routes: client };
}
