import { isLoopback } from '../loopback.js';
import type { Knock } from './access.js';

/** What a proxy says about those it asks for. */
const FORWARDED = ['forwarded', 'via', 'x-forwarded-for', 'x-forwarded-host', 'x-forwarded-proto', 'x-real-ip'] as const;

/**
 * Whether a request comes from this machine: from a loopback address, and not through a proxy on it that asks for somebody
 * else. A proxy that says nothing of itself cannot be told from a program of this machine.
 */
export function isFromHere({ headers, remoteAddress }: Pick<Knock, 'headers' | 'remoteAddress'>): boolean {
  return remoteAddress !== undefined && isLoopback(plainAddress(remoteAddress)) && FORWARDED.every((name) => headers[name] === undefined);
}

/** An address of IPv4 as such where a socket for both kinds gives it in the form of IPv6. */
function plainAddress(address: string): string {
  return address.replace(/^::ffff:(?=\d+\.)/i, '');
}

/** What one holder of addresses has: one address of IPv4, 64 bits of IPv6. */
export function networkOf(address: string | undefined): string {
  if (address === undefined) return 'unknown';
  const plain = plainAddress(address);
  if (!plain.includes(':')) return plain;
  const [head = '', tail] = plain.split('%')[0]?.split('::') ?? [];
  const front = head === '' ? [] : head.split(':');
  const back = tail === undefined || tail === '' ? [] : tail.split(':');
  const groups = tail === undefined ? front : [...front, ...Array<string>(Math.max(0, 8 - front.length - back.length)).fill('0'), ...back];
  return `${groups.slice(0, 4).map((group) => Number.parseInt(group, 16).toString(16)).join(':')}::/64`;
}
