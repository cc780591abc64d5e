import { describe, expect, it } from 'vitest';

import { fitBody } from './fit-body.js';

const MARK = '<!-- kb:k -->';
const LONGEST = 65_536;

/** What is shown of a text that begins so and goes on for long. */
function endOf(start: string): string {
  const { body, truncated } = fitBody(`${start}${'x'.repeat(LONGEST)}`, MARK);
  expect(truncated).toBe(true);
  expect(body.length).toBeLessThanOrEqual(LONGEST);
  expect(body).toMatch(/_Cut here: [\d,]+ of [\d,]+ characters fit into a comment\._$/);
  return body.slice(0, body.lastIndexOf('\n\n_Cut')).split(/x+/).at(-1) ?? '';
}

describe('the body of a comment', () => {
  it('is left as it is as long as it fits, to the last character', () => {
    const room = LONGEST - MARK.length - 1;
    expect(fitBody('short', MARK)).toEqual({ body: `${MARK}\nshort`, truncated: false });
    expect(fitBody('x'.repeat(room), MARK)).toEqual({ body: `${MARK}\n${'x'.repeat(room)}`, truncated: false });
    expect(fitBody('x'.repeat(room + 1), MARK).truncated).toBe(true);
  });

  it.each([
    ['a block', '```ts\n', '\n```'],
    ['a block of tildes', '~~~\n', '\n~~~'],
    ['a long fence', '`````\n```\n', '\n`````'],
    ['an indented fence', '   ```\n', '\n```'],
    ['a closed block', '```\na\n```\n', ''],
    ['a block closed by a longer fence', '```\na\n`````\n', ''],
    ['a fence of the other kind inside', '```\n~~~\n', '\n```'],
    ['what closes nothing', '```\n```ts\n', '\n```'],
    ['code in a line', '```a``` \n', ''],
    ['a fence too far in', '    ```\n', ''],
    ['a second block', '```\na\n```\n```js\n', '\n```'],
    ['no block', 'text\n', ''],
  ])('is cut outside of code: %s', (_name, start, end) => {
    expect(endOf(start)).toBe(end);
  });

  it.each([0, 1])('is not cut within a character: %d', (shift) => {
    const { body } = fitBody('x'.repeat(shift) + '😀'.repeat(LONGEST), MARK);
    expect(body.isWellFormed()).toBe(true);
    expect(body.length).toBeLessThanOrEqual(LONGEST);
  });
});
