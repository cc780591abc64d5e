import { describe, expect, it } from 'vitest';

import { Names } from './names.js';

describe('Names', () => {
  it('finds the exact name before one that differs in case', () => {
    const names = new Names([
      ['Base', 1],
      ['base', 2],
    ]);
    expect(names.get('base')).toBe(2);
    expect(names.get('Base')).toBe(1);
    expect(names.get('BASE')).toBe(1);
    expect(names.find('BASE')).toBe('Base');
  });

  it('lets the first of two equal names count', () => {
    const names = new Names([
      ['a', 1],
      ['a', 2],
      ['b', 3],
    ]);
    expect(names.get('a')).toBe(1);
    expect([...names.keys()]).toEqual(['a', 'b']);
    expect(names.indexOf('b')).toBe(2);
  });

  it('knows no name of a prototype', () => {
    const names = Names.of(['x']);
    for (const name of ['constructor', '__proto__', 'toString']) expect(names.has(name)).toBe(false);
  });
});
