import { describe, expect, it } from 'vitest';

import { webAddress } from './web-address.js';

describe('an address to link to', () => {
  it('is one of the web', () => {
    expect(webAddress('https://example.org/a?b#c')).toBe('https://example.org/a?b#c');
    expect(webAddress('HTTP://example.org')).toBe('http://example.org/');
  });

  it.each(['javascript:alert(1)', ' JaVaScRiPt:alert(1)', 'java\tscript:alert(1)', 'data:text/html,x', 'file:///etc/passwd', 'vbscript:x', '//example.org', '/path', '', 'blob:https://example.org/x'])('is not %j', (text) => {
    expect(webAddress(text)).toBeUndefined();
  });
});
