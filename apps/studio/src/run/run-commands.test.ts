/// <reference types="node" />
import { execFileSync } from 'node:child_process';

import { expect, it } from 'vitest';

import { asCli, asCurl, shellWord } from './run-commands.js';

const HARD = ["it's", '"$(touch x)"', '`id`', '$HOME', '\\', "''", 'a\nb', ' ', '', '!!', '*', '~', '-n', '\u{1f600} ü', '#x', 'a;b&c|d', "\\'"];

/** What a real shell makes of a command: the program is a function that prints its words, each with a zero behind it. */
function wordsOf(program: string, command: string): string[] {
  const printed = execFileSync('sh', ['-c', `${program}() { printf '%s\\0' "$@"; }\n${command}`], { encoding: 'utf8', env: { PATH: process.env['PATH'], KB_API_KEY: 'the key' } });
  return printed.split('\0').slice(0, -1);
}

it('writes words so that a shell reads them as they are', () => {
  expect(wordsOf('try', `try ${HARD.map(shellWord).join(' ')}`)).toEqual(HARD);
});

it('starts the same workflow with the same inputs on the command line', () => {
  const input = Object.fromEntries(HARD.map((value, index) => [`i${String(index)} ${value}`, [value, { value }]]));
  const [command, workflow, given] = wordsOf('kb', asCli({ workflowId: "rel ease's", input }));
  expect([command, workflow]).toEqual(['workflow:run', "--workflow-id=rel ease's"]);
  expect(JSON.parse((given ?? '').replace('--input=', ''))).toEqual(input);
  expect(asCli({ workflowId: 'hello', input: {} })).toBe('kb workflow:run --workflow-id=hello');
});

it('starts the same over HTTP, with the key of the environment', () => {
  const input = { text: HARD.join(' ') };
  const words = wordsOf('curl', asCurl('http://127.0.0.1:4000/', { workflowId: 'hello', input }));
  expect(words.slice(0, -1)).toEqual(['-sS', '-X', 'POST', 'http://127.0.0.1:4000/api/v1/workflows/runs', '-H', 'Authorization: Bearer the key', '-H', 'Content-Type: application/json', '-d']);
  expect(JSON.parse(words.at(-1) ?? '')).toEqual({ workflowId: 'hello', input });
});
