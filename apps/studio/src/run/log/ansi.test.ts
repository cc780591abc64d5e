import { expect, it } from 'vitest';

import { piecesOf } from './ansi.js';
import { plainText } from './plain-text.js';

const E = '\u001b';
const plain = (text: string, hit = false) => ({ text, looks: [], hit });

it('names colours and decorations, so that themes choose what they look like', () => {
  expect(piecesOf(`a ${E}[31mred${E}[0m ${E}[1;94mbold${E}[0m ${E}[42mon green`, [])).toEqual([
    plain('a '),
    { text: 'red', looks: ['fg-red'], hit: false },
    plain(' '),
    { text: 'bold', looks: ['fg-bright-blue', 'bold'], hit: false },
    plain(' '),
    { text: 'on green', looks: ['bg-green'], hit: false },
  ]);
});

it('keeps colours of the palette and true ones', () => {
  expect(piecesOf(`${E}[38;5;208mx${E}[48;2;250;10;90my`, [])).toEqual([
    { text: 'x', looks: [], color: 'rgb(255, 135, 0)', hit: false },
    { text: 'y', looks: [], color: 'rgb(255, 135, 0)', background: 'rgb(250, 10, 90)', hit: false },
  ]);
  expect(piecesOf(`${E}[38;5;250mgrey`, [])).toMatchObject([{ color: 'rgb(188, 188, 188)' }]);
});

it('leaves other commands out, and markup as it is', () => {
  const text = `${E}[2K${E}]0;title${E}\\${E}[?25l<img src=x onerror=alert(1)>${E}[31m&amp;`;
  const pieces = piecesOf(text, []);
  expect(pieces.map((piece) => piece.text).join('')).toBe('<img src=x onerror=alert(1)>&amp;');
});

it('says the same as the plain text, whatever comes', () => {
  for (const text of ['', 'x', `${E}`, `${E}[`, `${E}[31`, `a${E}[31mb\rc${E}[0md`, `10%\r${E}[32m100%\r`, `${E}(Bx${E}Mz`]) expect(piecesOf(text, []).map((piece) => piece.text).join('').replaceAll(E, '')).toBe(plainText(text).replaceAll(E, ''));
});

it('marks hits across colours', () => {
  expect(piecesOf(`ab${E}[31mcd`, [[1, 3]])).toEqual([plain('a'), plain('b', true), { text: 'c', looks: ['fg-red'], hit: true }, { text: 'd', looks: ['fg-red'], hit: false }]);
  expect(piecesOf('abcabc', [[0, 1], [3, 4]])).toEqual([plain('a', true), plain('bc'), plain('a', true), plain('bc')]);
});
