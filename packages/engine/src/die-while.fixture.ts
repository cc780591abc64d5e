import type { StepCall } from '@kb-labs/ports';

import type { Handler, Harness } from './harness.fixture.js';

/** A process that ends while it is in a step: it writes nothing more, and its lease runs out. */
export async function dieWhile(dying: Harness, { handler, begun }: { handler: Handler; begun: Promise<StepCall> }): Promise<void> {
  dying.handlers.set('do:it', handler);
  const worker = await dying.worker({ leaseMs: 30, concurrency: 1 });
  const call = await begun;
  await dying.store.close();
  call.signal.dispatchEvent(new Event('abort'));
  await worker.stop().catch(() => undefined);
}
