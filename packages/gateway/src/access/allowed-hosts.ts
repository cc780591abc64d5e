import { hostOf, isLoopback } from '../loopback.js';

/** Whether requests with this Host header are answered: the names of this machine, and those that were set. Ports do not matter. */
export function isAllowedHost(header: string | undefined, allowedHosts: readonly string[]): boolean {
  const host = hostOf(header ?? '').toLowerCase();
  return isLoopback(host) || allowedHosts.some((allowed) => allowed.toLowerCase() === host);
}
