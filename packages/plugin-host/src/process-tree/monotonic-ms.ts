/** Milliseconds that only grow. The global `performance` would say the same, and load a module for it at every start. */
export function monotonicMs(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}
