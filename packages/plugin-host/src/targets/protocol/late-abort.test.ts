import { describe, expect, it } from 'vitest';

import { LateAbort } from './late-abort.js';

describe('an abort that nobody has looked at yet', () => {
  it('is told to who holds the signal, with the first reason', () => {
    const abort = new LateAbort();
    const { signal } = abort;
    expect([abort.isAborted, signal.aborted]).toEqual([false, false]);
    abort.abort('first');
    abort.abort('second');
    expect([abort.isAborted, signal.aborted, signal.reason]).toEqual([true, true, 'first']);
  });

  it('is there for who asks for the signal afterwards, and the signal stays the same', () => {
    const abort = new LateAbort();
    abort.abort('first');
    abort.abort('second');
    expect(abort.isAborted).toBe(true);
    expect([abort.signal.aborted, abort.signal.reason]).toEqual([true, 'first']);
    expect(abort.signal).toBe(abort.signal);
  });
});
