import { describe, expect, it } from 'vitest';

import { Lifetime } from './lifetime.js';

describe('the lifetime of a context', () => {
  const over = expect.objectContaining({ code: 'INTERRUPTED', hint: 'the step has ended' }) as unknown;

  it('ends with the step, for those who asked before and for those who ask afterwards', () => {
    const life = new Lifetime(new AbortController().signal);
    const { signal } = life;
    expect([life.isOver, signal.aborted, life.signal === signal]).toEqual([false, false, true]);
    life.end();
    expect([life.isOver, signal.reason]).toEqual([true, over]);
    const late = new Lifetime(new AbortController().signal);
    late.end();
    expect(late.signal.reason).toEqual(over);
  });

  it('tells of an abort of the step by its signal alone', () => {
    const step = new AbortController();
    const life = new Lifetime(step.signal);
    const { signal } = life;
    step.abort('cancelled');
    expect([life.isOver, signal.reason]).toEqual([false, 'cancelled']);
  });
});
