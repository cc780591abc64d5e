import { type Caller, DEFAULT_TENANT, LOOPBACK_KEY_ID, mayDo, parseApiKey, type Tier } from '@kb-labs/contracts';
import { type AuditWriter, createAuditWriter, createKeyRing, type EngineDeps, readBrowserSession } from '@kb-labs/engine';
import { AppError } from '@kb-labs/errors';

import type { Access, Knock } from './access.js';
import { readCredential } from './credentials.js';
import { isFromHere, networkOf } from './from-here.js';
import { bucketsOf, perMinute, rateLimited, takeOne } from './rate-buckets.js';
import { refuseForeignChange } from './same-origin.js';

export type AccessDeps = Pick<EngineDeps, 'records' | 'rateLimits' | 'clock' | 'logger'>;

export interface AccessOptions {
  /** What a tenant may use. */
  readonly tierOf: (tenant: string) => Tier;
  /** The key of this machine; without it, there is none. */
  readonly loopback?: LoopbackKey;
  /** Whether browsers come by TLS: their cookies are sent by it alone then. */
  readonly secure: boolean;
}

export interface LoopbackKey {
  /** Who runs the daemon, for people. */
  readonly name: string;
  /** Takes the same time wherever the first difference is. */
  matches(presented: string): boolean;
}

/** Of one network, and recorded of all of them. Whoever has the right key is let in whatever others at the same address do. */
const FAILURES_PER_MINUTE = 10;
const RECORDED_FAILURES_PER_MINUTE = 120;

/** Asks for keys and sessions in the state, and writes what is to be recorded to the audit log. */
export function createAccess(deps: AccessDeps, options: AccessOptions): Access {
  const ring = createKeyRing(deps);
  const audit = createAuditWriter(deps);
  const fail = failuresTo(deps, audit);

  const ofKey = (knock: Knock, key: string): Promise<Caller | undefined> => {
    if (parseApiKey(key)?.id !== LOOPBACK_KEY_ID) return ring.authenticate(key);
    const { loopback } = options;
    if (loopback === undefined || !isFromHere(knock) || !loopback.matches(key)) return Promise.resolve(undefined);
    return Promise.resolve({ keyId: null, name: loopback.name, role: 'admin', tenant: DEFAULT_TENANT, via: 'loopback' });
  };
  const ofSession = async (knock: Knock, token: string): Promise<Caller | undefined> => {
    const session = await readBrowserSession(deps, token);
    if (session === undefined || (session.loopback && !isFromHere(knock))) return undefined;
    const { keyId } = session.caller;
    // What was opened with a key ends with it.
    if (keyId !== null && !(await ring.isActive(keyId))) return undefined;
    refuseForeignChange(knock, session.csrf);
    return session.caller;
  };
  return {
    authenticate: async (knock) => {
      const credential = readCredential(knock.headers, options.secure);
      if (credential === undefined) throw new AppError('UNAUTHENTICATED', { problem: knock.headers.authorization === undefined ? 'no key was sent' : 'the header Authorization holds no key' });
      const caller = credential.kind === 'key' ? await ofKey(knock, credential.key) : await ofSession(knock, credential.token);
      return caller ?? fail(knock, credential.kind === 'key' ? 'the key is not valid' : 'the session has ended');
    },
    authorize: ({ role }, permission) => {
      if (!mayDo(role, permission)) throw new AppError('FORBIDDEN', { problem: `the role ${role} may not ${permission}`, permission, role });
    },
    limit: (caller, route) => takeOne(deps.rateLimits, bucketsOf(caller, options.tierOf(caller.tenant), route.name)),
    record: async ({ caller, action, target, outcome, details }) => {
      const { name, tenant, keyId, via } = caller;
      // What routes change is kept in the same state: whatever is written of it takes what was asked along to the disk.
      const waitsForDisk = outcome !== 'asked';
      await audit.record({ actor: name, tenant, action, target, outcome, details: { ...details, via, ...(keyId === null ? {} : { keyId }) } }, { waitsForDisk });
    },
  };
}

/** Answers a credential that is not right; an address that goes on trying is told to wait. A flood of them must not fill the audit log. */
function failuresTo({ rateLimits, logger }: AccessDeps, audit: AuditWriter): (knock: Knock, problem: string) => Promise<never> {
  return async ({ remoteAddress, path, method }, problem) => {
    const network = networkOf(remoteAddress);
    const answer = await rateLimits.take(1, [perMinute(`failures/${network}`, FAILURES_PER_MINUTE)]);
    if (!answer.ok) throw rateLimited(answer.retryAfterMs);
    const recorded = await rateLimits.take(1, [perMinute('failures', RECORDED_FAILURES_PER_MINUTE)]);
    if (recorded.ok) await audit.record({ actor: 'unknown', tenant: DEFAULT_TENANT, action: 'authenticate', target: path, outcome: 'refused', details: { method, address: remoteAddress ?? 'unknown', problem } });
    else logger.warn('a credential was refused', { address: remoteAddress ?? 'unknown', problem });
    throw new AppError('UNAUTHENTICATED', { problem });
  };
}
