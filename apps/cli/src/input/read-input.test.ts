import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';

import type { WorkflowInput } from '@kb-labs/contracts';
import { AppError } from '@kb-labs/errors';
import { describe, expect, it } from 'vitest';

import { parseInstant } from './parse-instant.js';
import { readInput } from './read-input.js';

const declared: Readonly<Record<string, WorkflowInput>> = {
  base: { type: 'string' },
  count: { type: 'number' },
  deep: { type: 'boolean' },
  level: { type: 'choice', options: ['fast', 'full'] },
  opts: { type: 'json' },
};

function read(args: { input?: string; file?: string; field?: readonly string[] }, stdin = '') {
  const host = { stdin: Readable.from([stdin]), stdout: new PassThrough(), stderr: new PassThrough(), env: {}, cwd: tmpdir() };
  return readInput({ input: args.input, 'input-file': args.file, field: args.field ?? [] }, host, () => Promise.resolve(declared));
}

describe('readInput', () => {
  it('reads fields by their declared types', async () => {
    expect(await read({ field: ['base=1', 'count=1.5', 'deep=true', 'level=fast', 'opts={"a":[1]}', 'other=x=y', 'base=2'] })).toEqual({
      base: '2',
      count: 1.5,
      deep: true,
      level: 'fast',
      opts: { a: [1] },
      other: 'x=y',
    });
  });

  it('lets a field win over --input, and that over the file', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'kb-input-'));
    writeFileSync(join(folder, 'in.json'), '{"a":1,"b":1,"c":1}');
    expect(await read({ file: join(folder, 'in.json'), input: '{"b":2,"c":2}', field: ['c=3'] })).toEqual({ a: 1, b: 2, c: '3' });
    rmSync(folder, { recursive: true });
  });

  it('reads standard input', async () => {
    expect(await read({ file: '-' }, '{"a":"é"}')).toEqual({ a: 'é' });
  });

  it.each([
    [{ input: '[1]' }, '--input takes a JSON object'],
    [{ input: '{' }, '--input is not JSON'],
    [{ file: 'no-such-file.json' }, 'cannot be read'],
    [{ field: ['base'] }, '--field takes KEY=VALUE, not "base"'],
    [{ field: ['=x'] }, '--field takes KEY=VALUE'],
    [{ field: ['count='] }, 'the input "count" is a number, not ""'],
    [{ field: ['deep=yes'] }, 'the input "deep" is true or false, not "yes"'],
    [{ field: ['opts={'] }, 'the input "opts" is not JSON'],
  ])('refuses %j', async (args, problem) => {
    const refused = read(args);
    await expect(refused).rejects.toBeInstanceOf(AppError);
    await expect(refused).rejects.toMatchObject({ code: 'USAGE', message: expect.stringContaining(problem) as string });
  });

  it('keeps hostile names as plain names', async () => {
    const input = await read({ field: ['__proto__=x'] });
    expect(Object.keys(input)).toEqual(['__proto__']);
    expect(({} as Record<string, unknown>)['x']).toBeUndefined();
  });
});

describe('parseInstant', () => {
  it.each([
    ['30m', 1_000_000_000 - 1_800_000],
    ['2h', 1_000_000_000 - 7_200_000],
    ['1d', 1_000_000_000 - 86_400_000],
    ['1970-01-02', 86_400_000],
    ['1970-01-01T00:00:01Z', 1_000],
    ['1970-01-01T01:00:00+01:00', 0],
  ])('reads %s', (written, expected) => {
    expect(parseInstant('--since', written, 1_000_000_000)).toBe(expected);
  });

  it.each(['', 'yesterday', '1970-13-01', '12', '2h ago'])('refuses %j', (written) => {
    expect(() => parseInstant('--since', written, 0)).toThrow('--since cannot be');
  });
});
