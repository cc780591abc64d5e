import { AppError } from '@kb-labs/errors';
import { expect, it } from 'vitest';

import { isRefusal, toStateError } from './state-errors.js';

const ANSWERS = [
  ["OOM command not allowed when used memory > 'maxmemory'. script: 6b1, on @user_script:12.", 'STATE_FULL'],
  ["ERR Error running script (call to f_6b1): @user_script:3: @user_script: 3: -OOM command not allowed when used memory > 'maxmemory'.", 'STATE_FULL'],
  ['MISCONF Errors writing to the AOF file: No space left on device', 'STATE_FULL'],
  ['WRONGTYPE Operation against a key holding the wrong kind of value script: 6b1, on @user_script:5.', 'STATE_CORRUPT'],
  ['ERR Error running script (call to f_6b1): @user_script:5: WRONGTYPE Operation against a key holding the wrong kind of value', 'STATE_CORRUPT'],
  ['ERR user_script:9: attempt to compare number with nil script: 6b1, on @user_script:9.', 'STATE_CORRUPT'],
  ['DAMAGED log line 3', 'STATE_CORRUPT'],
  ["READONLY You can't write against a read only replica. script: 6b1, on @user_script:2.", 'STATE_UNAVAILABLE'],
  ["ERR Error running script (call to f_6b1): @user_script:2: -READONLY You can't write against a read only replica.", 'STATE_UNAVAILABLE'],
  ['NOAUTH Authentication required.', 'STATE_UNAVAILABLE'],
  ['LOADING Redis is loading the dataset in memory', 'STATE_UNAVAILABLE'],
  ['ERR something new', 'STATE_UNAVAILABLE'],
] as const;

it('names what a server answered by the codes of the register, for both ways servers have of saying it', () => {
  for (const [message, code] of ANSWERS) expect([message, toStateError(reply(message)).code]).toEqual([message, code]);
});

it('knows an answer, which means that nothing was done, from silence, which does not', () => {
  expect(isRefusal(toStateError(reply('OOM command not allowed')))).toBe(true);
  expect(isRefusal(toStateError(new Error('Connection is closed.')))).toBe(false);
  expect(isRefusal(toStateError(new Error('Command timed out')))).toBe(false);
});

it('leaves errors of the register and of the program as they are', () => {
  const own = new AppError('STATE_SCHEMA', { problem: 'x' });
  expect(toStateError(own)).toBe(own);
  expect(toStateError(new TypeError('x is not a function')).code).toBe('INTERNAL');
});

function reply(message: string): Error {
  return Object.assign(new Error(message), { name: 'ReplyError' });
}
