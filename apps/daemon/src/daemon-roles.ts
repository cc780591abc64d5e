/**
 * What a daemon does: `gateway` answers requests, `worker` carries jobs out, `scheduler` mends what a crash has left between
 * two writes.
 */
export const DAEMON_ROLES = ['gateway', 'worker', 'scheduler'] as const;
export type DaemonRole = (typeof DAEMON_ROLES)[number];
