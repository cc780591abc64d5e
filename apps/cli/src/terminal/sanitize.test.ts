import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { sanitizeLine, sanitizeText } from './sanitize.js';

const E = '\u001b';

describe('sanitizeLine', () => {
  it.each([
    ['plain text stays', 'hello, wörld 日本', 'hello, wörld 日本'],
    ['clearing the screen', `a${E}[2Jb`, 'ab'],
    ['moving the cursor', `a${E}[10;20Hb${E}[3A`, 'ab'],
    ['the 8-bit form', 'a\u009b2Jb', 'ab'],
    ['a private mode', `${E}[?1049hx${E}[?25l`, 'x'],
    ['the window title', `a${E}]0;owned\u0007b`, 'ab'],
    ['a link', `${E}]8;;http://x${E}\\text${E}]8;;${E}\\`, 'text'],
    ['the clipboard', `${E}]52;c;ZXZpbA==\u0007x`, 'x'],
    ['an 8-bit command with payload', 'a\u009d0;t\u009cb', 'ab'],
    ['a device string', `a${E}P1$r0m${E}\\b`, 'ab'],
    ['a reset', `${E}cx`, 'x'],
    ['another character set', `${E}(0x`, 'x'],
    ['a command that never ends keeps its text', `a${E}]0;visible`, 'a0;visible'],
    ['a sequence cut short', `a${E}[12`, 'a12'],
    ['returning to the start of the line', 'secret\rpublic', 'secret\u240dpublic'],
    ['a bell and a backspace', 'a\u0007\u0008b', 'a\u2407\u2408b'],
    ['a line break', 'a\nb', 'a\u240ab'],
    ['deleting', 'a\u007fb', 'a\u2421b'],
    ['an 8-bit control', 'a\u0085b', 'a\ufffdb'],
    ['reordering', 'a\u202eb\u2066c', 'a\ufffdb\ufffdc'],
    ['a tab', 'ab\tc', 'ab      c'],
  ])('%s', (_name, text, expected) => {
    expect(sanitizeText(text)).toBe(expected);
  });

  it('keeps colours when colours are wanted, and ends them with the line', () => {
    expect(sanitizeLine(`${E}[31mred`, true)).toBe(`${E}[31mred${E}[0m`);
    expect(sanitizeLine(`${E}[1;38;5;8;4mx${E}[m`, true)).toBe(`${E}[1;38;5;8;4mx${E}[0m${E}[0m`);
    expect(sanitizeLine(`${E}[38;2;1;2;3mx`, true)).toBe(`${E}[38;2;1;2;3mx${E}[0m`);
    expect(sanitizeLine(`${E}[31mred`, false)).toBe('red');
  });

  it('drops the ways of a colour sequence to hide or blink', () => {
    expect(sanitizeLine(`${E}[8mx`, true)).toBe('x');
    expect(sanitizeLine(`${E}[5;31mx`, true)).toBe(`${E}[31mx${E}[0m`);
    expect(sanitizeLine(`${E}[38;5mx`, true)).toBe('x');
    expect(sanitizeLine(`${E}[>4;2mx`, true)).toBe('x');
  });

  it('does not let text pose as a colour that was kept', () => {
    expect(sanitizeLine(`\uffff${E}[31mx`, true)).toBe(`\ufffd${E}[31mx${E}[0m`);
  });

  it('leaves nothing that can control a terminal, whatever the text', () => {
    const nasty = fc.array(fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom(E, `${E}[`, `${E}]`, ';', 'm', '2J', '\u009b', '\u0007', '\\', '38;5;', '\uffff')), { maxLength: 20 });
    fc.assert(
      fc.property(nasty, fc.boolean(), (parts, colours) => {
        const shown = sanitizeLine(parts.join(''), colours);
        const rest = colours ? shown.replace(/\u001b\[[0-9;]*m/g, '') : shown;
        expect(rest).not.toMatch(/[\u0000-\u001f\u007f-\u009f]/);
      }),
      { numRuns: 2_000 },
    );
  });

  it('is not slowed down by sequences that never end', () => {
    const text = `${E}]`.repeat(200_000);
    expect(sanitizeText(text)).toBe('');
    expect(sanitizeText(`${E}[`.repeat(200_000))).toHaveLength(0);
    expect(sanitizeText(`${E}]x`.repeat(100_000))).toBe('x'.repeat(100_000));
  });
});
