import { describe, expect, it } from 'vitest';

import { recordCall, temporaryFolder } from '../step-call.fixture.js';
import { printedLines } from './printed-lines.js';

describe('what a handler prints', () => {
  it.each([
    ['nothing', [''], []],
    ['lines', ['one\ntwo\n', ''], ['one', 'two']],
    ['a line without an end', ['one\ntw', 'o', ''], ['one', 'two']],
    ['all in one piece', ['one\ntwo'], ['one', 'two']],
  ])('is told from the mark at its end: %s', async (_, chunks, expected) => {
    using folder = temporaryFolder();
    const { call, lines } = recordCall({ workspace: folder.path });
    const printed = printedLines(call);
    for (const chunk of chunks.slice(0, -1)) await printed.take(Buffer.from(chunk));
    await printed.take(Buffer.from(`${chunks.at(-1) ?? ''}${printed.mark}\n`));
    expect(await printed.seen()).toBe(true);
    await printed.finish();
    expect(lines.map(({ text }) => text)).toEqual(expected);
  });

  it('is the line of whoever prints something that only looks like the mark', async () => {
    using folder = temporaryFolder();
    const { call, lines } = recordCall({ workspace: folder.path });
    const printed = printedLines(call);
    const other = printed.mark.replace(/.$/, (last) => (last === '0' ? '1' : '0'));
    await printed.take(Buffer.from(`${other}\n`));
    expect(lines.map(({ text }) => text)).toEqual([other]);
  });
});
