import { expect, it } from 'vitest';

import { bytesText } from './bytes-text.js';

it.each([
  [0, '0 B'],
  [1_023, '1023 B'],
  [1_024, '1.0 KiB'],
  [1_536, '1.5 KiB'],
  [10_240, '10 KiB'],
  [1_048_576, '1.0 MiB'],
  [5e15, '4547 TiB'],
])('%i bytes are %s', (bytes, words) => {
  expect(bytesText(bytes)).toBe(words);
});
