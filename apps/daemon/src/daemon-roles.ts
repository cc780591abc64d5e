/**
 * What a daemon does: `gateway` answers requests, `worker` carries jobs out, `scheduler` starts what starts by itself (times,
 * pushes, deliveries that were left) and mends what a crash has left between two writes.
 */
export const DAEMON_ROLES = ['gateway', 'worker', 'scheduler'] as const;
export type DaemonRole = (typeof DAEMON_ROLES)[number];
