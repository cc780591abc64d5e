import { DEFAULT_TENANT } from '@kb-labs/contracts';
import type { Composition } from '@kb-labs/daemon';
import { audited, createKey, listAudit, listKeys, recordAudit, revokeKey } from '@kb-labs/engine';

import { userName } from '../project/user-name.js';
import type { AccessDesk } from './access-desk.js';

/** The keys and the audit log in the state of the project. */
export function directAccess({ deps }: Composition): AccessDesk {
  return {
    createKey: ({ role, tenant = DEFAULT_TENANT, lifeMs, ...command }) => {
      const by = userName();
      const name = command.name ?? by;
      const act = { actor: by, tenant, action: 'createKey', target: name, details: { role, lifeMs: lifeMs ?? null } };
      return audited(deps, act, () => createKey(deps, { name, role, tenant, by, ...(lifeMs === undefined ? {} : { lifeMs }) }));
    },
    listKeys: (query) => listKeys(deps, { ...query, tenant: query.tenant ?? DEFAULT_TENANT }),
    revokeKey: async (id) => {
      const key = await revokeKey(deps, { id });
      await recordAudit(deps, { actor: userName(), tenant: key.tenant, action: 'revokeKey', target: id, outcome: 'done', details: { name: key.name, role: key.role } });
      return key;
    },
    listAudit: (query) => listAudit(deps, query),
  };
}
