import { type JsonObject, mayDo, type Permission, type PlaybookManifest, type Role } from '@kb-labs/contracts';
import { AppError } from '@kb-labs/errors';

import type { FlowDeps } from './flow-record.js';

/** Fails with `FLOW_INPUT_MISSING`, which names all that is missing. An input that is given as `null` is not given. */
export function requireInputs({ playbook_id: id, inputs = [] }: PlaybookManifest, given: JsonObject): void {
  const missing = inputs.filter(({ name, required }) => required === true && (!Object.hasOwn(given, name) || given[name] === null)).map(({ name }) => name);
  if (missing.length > 0) throw new AppError('FLOW_INPUT_MISSING', { id, inputs: missing.join(', ') });
}

/**
 * What a playbook requires of who starts it and of where it is started: `permission:<what>`, what the caller's role may do;
 * `service:<name>`, what commands are offered here; `plugin:<package>`, one that can be used; `secret:<NAME>`, one that is there. Fails with
 * `FLOW_SCOPE_MISSING`, which names all that is missing, and as reading a secret does.
 */
export async function requireScopes(deps: Pick<FlowDeps, 'plugins' | 'secrets' | 'services'>, { playbook_id: id, scopes = {} }: PlaybookManifest, role: Role): Promise<void> {
  const wanted = [...(scopes.required_capability_scope ?? []), ...(scopes.required_credential_scope ?? [])];
  const missing: string[] = [];
  for (const scope of new Set(wanted)) if (!(await isThere(deps, scope, role))) missing.push(scope);
  if (missing.length > 0) throw new AppError('FLOW_SCOPE_MISSING', { id, scopes: missing.join(', ') });
}

/** What cannot be looked for is not there. */
async function isThere({ plugins, secrets, services = [] }: Pick<FlowDeps, 'plugins' | 'secrets' | 'services'>, scope: string, role: Role): Promise<boolean> {
  const colon = scope.indexOf(':');
  const [kind, name] = [scope.slice(0, colon), scope.slice(colon + 1)];
  switch (kind) {
    case 'permission':
      // A name that is none is allowed to nobody.
      return mayDo(role, name as Permission);
    case 'service':
      return services.includes(name);
    case 'plugin':
      return (await plugins.list({ verify: true })).some((plugin) => plugin.id === name && plugin.problem === undefined);
    case 'secret':
      return (await secrets?.get(name)) !== undefined;
    default:
      return false;
  }
}
