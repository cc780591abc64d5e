import fc from 'fast-check';
import { expect, it } from 'vitest';

import { contrast, readableColour } from './readable-colour.js';

function both(text: string): readonly (readonly [number, number, number])[] {
  return [...text.matchAll(/rgb\((\d+), (\d+), (\d+)\)/g)].map(([, red, green, blue]) => [Number(red), Number(green), Number(blue)]);
}

it('measures contrast as WCAG does', () => {
  expect(contrast([0, 0, 0], [255, 255, 255])).toBeCloseTo(21, 5);
  expect(contrast([255, 135, 0], [0xf5, 0xf7, 0xf8])).toBeCloseTo(2.24, 1);
});

it('leaves a colour that can be read as it is, in the theme where it can', () => {
  expect(readableColour('rgb(255, 135, 0)')).toMatch(/rgb\(255, 135, 0\)\)$/);
  expect(readableColour('rgb(0, 0, 135)')).toMatch(/^light-dark\(rgb\(0, 0, 135\),/);
});

it('can be read in both themes, whatever was chosen', () => {
  const part = fc.integer({ min: 0, max: 255 });
  fc.assert(
    fc.property(part, part, part, (red, green, blue) => {
      const [light, dark] = both(readableColour(`rgb(${String(red)}, ${String(green)}, ${String(blue)})`));
      expect(contrast(light ?? [0, 0, 0], [0xf5, 0xf7, 0xf8])).toBeGreaterThanOrEqual(4.5);
      expect(contrast(dark ?? [0, 0, 0], [0x10, 0x13, 0x15])).toBeGreaterThanOrEqual(4.5);
    }),
  );
});
