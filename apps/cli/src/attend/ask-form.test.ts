import type { JsonObject } from '@kb-labs/contracts';
import { describe, expect, it } from 'vitest';

import { askForm } from './ask-form.js';

/** Answers one line after the other, and keeps what was asked and printed. */
async function fill(form: JsonObject, lines: readonly (string | undefined)[]) {
  const seen: string[] = [];
  let next = 0;
  const data = await askForm(form, {
    ask: (prompt) => {
      seen.push(prompt);
      if (next >= lines.length) throw new Error(`asked once more: ${prompt}`);
      return Promise.resolve(lines[next++]);
    },
    print: (line) => seen.push(line),
  });
  return { data, seen, asked: next };
}

const form: JsonObject = {
  type: 'object',
  required: ['region', 'count'],
  properties: {
    region: { title: 'Region', enum: ['eu', 'us', '2'] },
    count: { type: 'integer', description: 'How many\nin all' },
    dry: { type: 'boolean', default: true },
    ratio: { type: 'number' },
    tags: { type: 'array', items: { type: 'string' } },
    note: {},
  },
};

describe('askForm', () => {
  it('asks field by field, each by its type', async () => {
    const { data, seen } = await fill(form, ['us', '3', 'n', '0.5', '["a"]', 'hello']);
    expect(data).toEqual({ region: 'us', count: 3, dry: false, ratio: 0.5, tags: ['a'], note: 'hello' });
    expect(seen).toEqual([
      '  Region (1 eu, 2 us, 3 2): ',
      '  How many',
      '  in all',
      '  count (a whole number): ',
      '  dry (y/n; default true): ',
      '  ratio (a number; optional): ',
      '  tags (JSON; optional): ',
      '  note (optional): ',
    ]);
  });

  it('takes the number of a choice, and a choice that looks like one for itself', async () => {
    expect((await fill(form, ['1', '1', '', '', '', ''])).data).toEqual({ region: 'eu', count: 1, dry: true });
    expect((await fill(form, ['2', '1', '', '', '', ''])).data).toMatchObject({ region: '2' });
  });

  it('asks again for what is missing or of the wrong type', async () => {
    const { data, seen, asked } = await fill(form, ['', 'asia', '9', 'eu', 'x', '1.5', '2', 'maybe', 'y', 'NaN', '', '[', '', '']);
    expect(data).toEqual({ region: 'eu', count: 2, dry: true });
    expect(asked).toBe(14);
    expect(seen.filter((line) => line === '  it has to be answered')).toHaveLength(1);
    expect(seen.filter((line) => line === '  one of eu, us, 2, or its number')).toHaveLength(2);
    expect(seen.filter((line) => line === '  a whole number')).toHaveLength(2);
  });

  it('stops when nobody answers any more', async () => {
    expect((await fill(form, ['eu', undefined])).data).toBeUndefined();
  });

  it('has no questions without fields', async () => {
    expect(await fill({ type: 'object' }, [])).toEqual({ data: {}, seen: [], asked: 0 });
  });
});
