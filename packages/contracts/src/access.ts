/** What a caller may be, from least to most. */
export const ROLES = ['viewer', 'runner', 'author', 'approver', 'admin'] as const;
export type Role = (typeof ROLES)[number];

/** What a route can ask of its caller. */
export const PERMISSIONS = ['read', 'run', 'write', 'approve', 'admin'] as const;
export type Permission = (typeof PERMISSIONS)[number];

const ALLOWED: Readonly<Record<Role, readonly Permission[]>> = {
  viewer: ['read'],
  runner: ['read', 'run'],
  author: ['read', 'run', 'write'],
  approver: ['read', 'approve'],
  admin: PERMISSIONS,
};

export function mayDo(role: Role, permission: Permission): boolean {
  return ALLOWED[role].includes(permission);
}

/** Who asks. The tenant comes from the credential and from nowhere else. */
export interface Caller {
  /** Of the key that was presented, or that a session was opened with; `null` for the key of this machine. */
  readonly keyId: string | null;
  /** For people: what a run, an answer or an entry of the audit log is signed with. */
  readonly name: string;
  readonly role: Role;
  readonly tenant: string;
  readonly via: 'key' | 'loopback' | 'session';
}

export const TENANT_NAME = /^[a-z0-9][a-z0-9_-]{0,63}$/;
/** Of everything where nobody tells tenants apart. */
export const DEFAULT_TENANT = 'default';
