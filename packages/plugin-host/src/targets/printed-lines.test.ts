import { describe, expect, it } from 'vitest';

import { recordCall, temporaryFolder } from '../step-call.fixture.js';
import { printedLines } from './printed-lines.js';

describe('what a handler prints', () => {
  it.each([
    ['nothing', [], []],
    ['lines', ['one\ntwo\n'], ['one', 'two']],
    ['a line without an end, in pieces', ['one\ntw', 'o'], ['one', 'two']],
  ])('is lines of its step: %s', async (_, chunks, expected) => {
    using folder = temporaryFolder();
    const { call, lines } = recordCall({ workspace: folder.path });
    const printed = printedLines(call);
    for (const chunk of chunks) await printed.take(Buffer.from(chunk));
    await printed.finish();
    expect(lines.map(({ text }) => text)).toEqual(expected);
  });
});
