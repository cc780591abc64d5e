import { expect, it } from 'vitest';

import { reasonNote } from './reason-note.js';
import { shortId } from './short-id.js';

it('says a reason in a word or two, and not what the status says already', () => {
  expect(reasonNote('running', { rule: 'no-worker' })).toBe('no worker');
  expect(reasonNote('cancelled', { rule: 'cancelled' })).toBeUndefined();
  expect(reasonNote('running', undefined)).toBeUndefined();
});

it('shortens an id to the end, where ids differ', () => {
  expect(shortId('run_01M7ZFJHRR1DP9DB3B3KSRGE7H')).toBe('…3KSRGE7H');
  expect(shortId('run_1')).toBe('run_1');
});
