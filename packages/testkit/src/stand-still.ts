/** Stops this process for so many milliseconds, as on a machine that is given no processor: no timer, no message, nothing goes on. */
export function standStill(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}
