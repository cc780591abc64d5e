import type { Permission } from '@kb-labs/contracts';

/** What each permission is good for. */
export const MEANING: Readonly<Record<Permission, string>> = {
  read: 'see everything of the tenant: runs, logs, workflows, flows',
  run: 'start runs, cancel them and run them again',
  write: 'change what runs are started by: schedules, deliveries, playbooks',
  approve: 'decide approvals, publish and revoke playbooks',
  admin: 'make and revoke keys, read the audit log',
};
