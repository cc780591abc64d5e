import { describe, expect, it } from 'vitest';

import { isAllowedHost } from './allowed-hosts.js';
import { refuseUnsafe } from './refuse-unsafe.js';

const NAMES = ['kb.example.com'];

describe('refuseUnsafe', () => {
  it.each([
    ['127.0.0.1', false, [], 'starts'],
    ['127.0.0.1', false, NAMES, 'starts'],
    ['localhost', true, [], 'starts'],
    ['::1', true, NAMES, 'starts'],
    ['0.0.0.0', false, [], 'no key with the role admin'],
    ['::', false, NAMES, 'no key with the role admin'],
    ['192.168.1.4', true, [], 'no name is set'],
    ['0.0.0.0', true, NAMES, 'starts'],
  ])('on %s with an administrator: %s, and the names %j: %s', (host, hasAdminKey, allowedHosts, outcome) => {
    const start = (): string[] => refuseUnsafe({ host, hasAdminKey, allowedHosts, secure: true });
    if (outcome === 'starts') expect(start()).toEqual([]);
    else expect(start).toThrow(expect.objectContaining({ code: 'EXPOSURE_UNSAFE', exitCode: 4, message: expect.stringContaining(outcome) as string }) as Error);
  });

  it.each(['', 'example.com', '127.0.0.1.example.com', '128.0.0.1', '0', '127.1', '[::]', '2001:db8::1', '::ffff:10.0.0.1'])('takes %j for an address that others can reach', (host) => {
    expect(() => refuseUnsafe({ host, hasAdminKey: false, allowedHosts: NAMES, secure: true })).toThrow();
  });

  it('warns where keys would be sent without TLS', () => {
    expect(refuseUnsafe({ host: '0.0.0.0', hasAdminKey: true, allowedHosts: NAMES, secure: false })).toEqual([expect.stringContaining('TLS')]);
    expect(refuseUnsafe({ host: '127.0.0.1', hasAdminKey: false, allowedHosts: [], secure: false })).toEqual([]);
  });
});

describe('isAllowedHost', () => {
  it('answers to the names of this machine and those that were set, on any port', () => {
    for (const host of ['kb.example.com', 'KB.example.com:443', '127.0.0.1:4000', 'localhost', '[::1]:4000']) expect(isAllowedHost(host, NAMES), host).toBe(true);
    for (const host of [undefined, '', 'example.com', 'x.kb.example.com', 'kb.example.com.evil.example', 'kb.example.com.', 'kb.example.com:80:90', 'kb.example.com@evil.example']) expect(isAllowedHost(host, NAMES), host).toBe(false);
    expect(isAllowedHost('kb.example.com', [])).toBe(false);
  });
});
