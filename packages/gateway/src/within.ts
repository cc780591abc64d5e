import type { EngineDeps } from '@kb-labs/engine';

/** What is awaited, or a failure when it does not come in time. */
export function within<T>(clock: EngineDeps['clock'], ms: number, awaited: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const disarm = clock.after(ms, () => {
      reject(new Error(`no answer within ${String(ms)} ms`));
    });
    void awaited.then(resolve, reject).finally(disarm);
  });
}
