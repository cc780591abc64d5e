import { describe, expect, it } from 'vitest';
import { SCRIPT_VALUE_BYTES, whyNotInEnvironment } from './environment-value.js';

describe('whyNotInEnvironment', () => {
  it('accepts what an environment variable holds, the empty string and control characters included', () => {
    for (const value of ['', 'a', '\u0001\n\u007f', '👩‍👩‍👧', 'x'.repeat(SCRIPT_VALUE_BYTES)]) expect(whyNotInEnvironment(value)).toBeUndefined();
  });

  it('refuses a NUL, half a surrogate pair, and one byte too many', () => {
    expect(whyNotInEnvironment('a\0b')).toContain('NUL');
    expect(whyNotInEnvironment('a\ud800b')).toContain('surrogate');
    expect(whyNotInEnvironment('x'.repeat(SCRIPT_VALUE_BYTES + 1))).toContain('bytes');
  });

  it.each(['é', '€', '👍'])('counts bytes of UTF-8, not characters: %s', (char) => {
    const bytes = Buffer.byteLength(char);
    const most = Math.floor(SCRIPT_VALUE_BYTES / bytes);
    expect(whyNotInEnvironment(char.repeat(most))).toBeUndefined();
    expect(whyNotInEnvironment(char.repeat(most + 1))).toContain('bytes');
  });
});
