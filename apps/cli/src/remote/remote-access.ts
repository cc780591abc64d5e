import type { Client } from '@kb-labs/client';
import { AppError } from '@kb-labs/errors';

import type { AccessDesk } from '../desk/access-desk.js';

/** The keys and the audit log at a gateway, of the tenant of the key. */
export function remoteAccess(client: Client): AccessDesk {
  return {
    createKey: async ({ name, role, tenant, lifeMs }) => {
      refuseTenant(tenant);
      const body = { name: name ?? (await client.call('showCaller')).name, role, ...(lifeMs === undefined ? {} : { expiresInMs: lifeMs }) };
      return client.call('createKey', { body });
    },
    listKeys: async ({ tenant, ...query }) => {
      refuseTenant(tenant);
      return client.call('listKeys', { query });
    },
    revokeKey: (id) => client.call('revokeKey', { params: { id }, body: {} }),
    listAudit: async ({ tenant, ...query }) => {
      refuseTenant(tenant);
      return client.call('listAudit', { query });
    },
  };
}

function refuseTenant(tenant: string | undefined): void {
  if (tenant !== undefined) throw new AppError('USAGE', { problem: '--tenant does not go with KB_URL' }, { hint: 'at a gateway the tenant is the one of the key in KB_API_KEY' });
}
