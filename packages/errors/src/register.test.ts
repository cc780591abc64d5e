import { ERROR_CODES } from '@kb-labs/contracts';
import { describe, expect, it } from 'vitest';

import { AppError, fromUnknown, hasCode, messageOf, toRunError } from './app-error.js';
import { toProblem } from './problem.js';
import { REGISTER } from './register.js';

describe('the register', () => {
  it('is what docs/errors.md says', async () => {
    const rows = ERROR_CODES.map((code) => {
      const { message, hint, status, exit, retryable } = REGISTER[code];
      return `| \`${code}\` | ${cell(message)} | ${cell(hint ?? '')} | ${status} | ${exit} | ${retryable ? 'yes' : ''} |`;
    });
    const page = [
      '# Errors',
      '',
      'Every code that a diagnostic, an error answer or a failed step of the engine can carry. Codes are stable: compare them, not messages.',
      'A plugin can fail a step with a code of its own. "Again" says whether the same call can succeed later.',
      '',
      '| code | message | what to do | HTTP | exit | again |',
      '|---|---|---|---|---|---|',
      ...rows,
      '',
      'Exit codes of `kb`: 0 ok, 1 the run or check failed, 2 bad input, 3 state unreachable, 4 not allowed, 5 not found, 6 conflict,',
      '7 try again later, 130 interrupted.',
      '',
    ].join('\n');
    await expect(page).toMatchFileSnapshot('../../../docs/errors.md');
  });

  it('ends no message with a full stop and starts none with a capital letter', () => {
    const texts = ERROR_CODES.flatMap((code) => [REGISTER[code].message, REGISTER[code].hint ?? 'x']);
    expect(texts.filter((text) => text.endsWith('.') || /^[A-Z][a-z]/.test(text))).toEqual([]);
  });
});

describe('AppError', () => {
  it('fills details into the message and leaves what it does not know', () => {
    expect(messageOf('NEEDS_UNKNOWN', { job: 'biuld' })).toBe('"needs" names the unknown job "biuld"');
    expect(messageOf('NEEDS_UNKNOWN')).toContain('{job}');
    expect(messageOf('DUPLICATE_KEY', { key: '$&{key}' })).toBe('the key "$&{key}" is written twice');
  });

  it('carries status, exit code and hint of its row, and a better hint when it has one', () => {
    const error = new AppError('RUN_NOT_FOUND', { id: 'x' });
    expect([error.status, error.exitCode, error.retryable, error.hint]).toEqual([404, 5, false, '"kb workflow:list-runs" shows the runs']);
    expect(new AppError('RUN_NOT_FOUND', {}, { hint: 'look there' }).hint).toBe('look there');
  });

  it('crosses boundaries as a problem and as the error of a run', () => {
    const error = new AppError('EXIT_CODE', { exitCode: 3 });
    expect(toProblem(error)).toEqual({ code: 'EXIT_CODE', message: 'the script ended with exit code 3', details: { exitCode: 3 } });
    expect(toRunError(error)).toEqual(toProblem(error));
  });
});

describe('fromUnknown', () => {
  it('keeps an error of ours, also one of another copy of this package', () => {
    const ours = new AppError('RATE_LIMIT');
    expect(fromUnknown(ours)).toBe(ours);
    const foreign = Object.assign(new Error('x'), { code: 'QUEUE_FULL', details: { limit: 3 }, hint: 'its own' });
    expect(fromUnknown(foreign)).toMatchObject({ code: 'QUEUE_FULL', details: { limit: 3 }, hint: 'its own' });
    expect(hasCode(foreign, 'QUEUE_FULL')).toBe(true);
  });

  it('makes everything else INTERNAL, with its cause', () => {
    const cause = new TypeError('oops');
    expect(fromUnknown(cause)).toMatchObject({ code: 'INTERNAL', message: 'something broke inside the engine: oops', cause });
    expect(fromUnknown('text').message).toContain('text');
  });
});

function cell(text: string): string {
  return text.replaceAll('|', '\\|');
}
