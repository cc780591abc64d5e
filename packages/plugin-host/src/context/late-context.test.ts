import { describe, expect, it } from 'vitest';

import { recordCall, temporaryFolder } from '../step-call.fixture.js';
import { createContext, type StepContext } from './create-context.js';
import { toGrant } from './grant.js';
import { LateContext } from './late-context.js';

describe('the context of a handler elsewhere', () => {
  it('is made with the first use, and once', async () => {
    using each = open();
    expect(await each.late.close()).toEqual([]);
    expect(each.made).toHaveLength(0);
    using used = open();
    expect(used.late.open()).toBe(used.late.open());
    expect(used.made).toHaveLength(1);
  });

  it('does nothing for a handler that goes on when the step is over, whether it was used before or not', async () => {
    using unused = open();
    using used = open();
    used.late.open();
    for (const { late, lines } of [unused, used]) {
      await late.close();
      const { ctx } = late.open();
      ctx.log.info('a late word');
      await expect(ctx.fs.write('late.txt', 'x')).rejects.toMatchObject({ code: 'INTERRUPTED' });
      expect(lines).toEqual([]);
    }
  });

  it('has the same groups for who asks twice, and for who copies it', () => {
    using each = open();
    const { ctx } = each.late.open();
    const copy = { ...ctx };
    for (const group of ['artifacts', 'fs', 'llm', 'log', 'secrets', 'storage'] as const) {
      expect(ctx[group]).toBe(ctx[group]);
      expect(copy[group]).toBe(ctx[group]);
    }
  });
});

function open() {
  const folder = temporaryFolder();
  const { call, lines } = recordCall({ workspace: folder.path });
  const made: StepContext[] = [];
  const late = new LateContext(() => {
    const context = createContext(call, { grant: toGrant({ fs: { write: ['**'] } }, {}), hostEnv: {}, killGraceMs: 100 });
    made.push(context);
    return context;
  });
  return { late, lines, made, [Symbol.dispose]: () => folder[Symbol.dispose]() };
}
