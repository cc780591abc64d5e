import assert from 'node:assert/strict';

import type { FakeClock } from '../fake-clock.js';

/** Real time a hint of another process may take before it counts as missing, in milliseconds. */
const PATIENCE_MS = 5_000;
/** Between two looks: of the store's time, and of real time for connections that need it. */
const STORE_STEP_MS = 50;
const REAL_STEP_MS = 1;

/** Resolves once `holds`, while the store's time stands still. */
export async function soon(store: { readonly patienceMs?: number }, holds: () => boolean, what: string): Promise<void> {
  const patience = AbortSignal.timeout(store.patienceMs ?? PATIENCE_MS);
  while (!holds()) {
    assert.ok(!patience.aborted, `did not happen in time: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, REAL_STEP_MS));
  }
}

/** Resolves once `holds`, while the store's time moves on. */
export async function eventually(
  store: { readonly clock: FakeClock; readonly patienceMs?: number },
  holds: () => boolean,
  what: string,
): Promise<void> {
  const patience = AbortSignal.timeout(store.patienceMs ?? PATIENCE_MS);
  while (!holds()) {
    assert.ok(!patience.aborted, `did not happen in time: ${what}`);
    await store.clock.advance(STORE_STEP_MS);
    if (!holds()) await new Promise((resolve) => setTimeout(resolve, REAL_STEP_MS));
  }
}

/** Checks that `act` rejects with this code of the error register. */
export async function rejectsWith(code: string, act: () => Promise<unknown>): Promise<void> {
  await assert.rejects(act, (thrown: unknown) => {
    assert.ok(thrown instanceof Error && 'code' in thrown, `expected ${code}, got ${String(thrown)}`);
    assert.equal(thrown.code, code);
    return true;
  });
}

export function present<T>(value: T | undefined): T {
  assert.ok(value !== undefined, 'expected a value');
  return value;
}
