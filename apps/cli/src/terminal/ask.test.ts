import { PassThrough } from 'node:stream';

import { describe, expect, it } from 'vitest';

import { askLine, askYesNo } from './ask.js';
import { createTerminal } from './terminal.js';

function open() {
  const stdin = new PassThrough();
  const stdout = new PassThrough();
  const terminal = createTerminal({ stdin, stdout, stderr: new PassThrough(), env: {}, cwd: '/' });
  return { terminal, stdin, shown: () => String(stdout.read() ?? '') };
}

describe('askLine', () => {
  it('answers questions one after the other, also with lines that came at once', async () => {
    const { terminal, stdin, shown } = open();
    const first = askLine(terminal, 'one? ');
    stdin.write('a\nb\n');
    expect(await first.answer).toBe('a');
    expect(await askLine(terminal, 'two? ').answer).toBe('b');
    expect(shown()).toBe('one? two? ');
  });

  it('takes a line that comes in pieces', async () => {
    const { terminal, stdin } = open();
    const question = askLine(terminal, '? ');
    stdin.write('lo');
    stdin.write('ng\n');
    expect(await question.answer).toBe('long');
  });

  it('has no answer when the input ends, before or after', async () => {
    const { terminal, stdin } = open();
    const question = askLine(terminal, '? ');
    stdin.end();
    expect(await question.answer).toBeUndefined();
    expect(await askLine(terminal, '? ').answer).toBeUndefined();
  });

  it('can be answered for the person', async () => {
    const { terminal } = open();
    const question = askLine(terminal, '? ');
    question.settle(undefined);
    expect(await question.answer).toBeUndefined();
  });
});

describe('askYesNo', () => {
  it.each([
    ['y', true],
    [' YES ', true],
    ['', false],
    ['no', false],
    ['yellow', false],
  ])('takes %j for %s', async (line, expected) => {
    const { terminal, stdin } = open();
    const question = askYesNo(terminal, 'Really?');
    stdin.write(`${line}\n`);
    expect(await question.answer).toBe(expected);
  });

  it('comes before a question that is open, is not answered by what was typed for it, and leaves it open', async () => {
    const { terminal, stdin, shown } = open();
    const below = askLine(terminal, 'below? ');
    stdin.write('half');
    await new Promise((resolve) => setImmediate(resolve));
    const above = askYesNo(terminal, 'above?');
    stdin.write('y\n');
    expect(await above.answer).toBe(true);
    stdin.write('whole\n');
    expect(await below.answer).toBe('whole');
    expect(shown()).toBe('below? above? [y/N] below? ');
  });
});
