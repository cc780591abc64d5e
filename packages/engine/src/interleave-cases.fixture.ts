import type { EngineDeps } from './deps.js';
import { replacing } from './harness.fixture.js';

/** Small workflows that together use every way a job can begin, wait, be tried again and end. */
export const workflows: Readonly<Record<string, string>> = {
  'one.yml': 'id: one\njobs: { a: { steps: [{ uses: t/do:it, retry: { max: 1, initial: 0s } }] } }',
  'two.yml': 'id: two\njobs: { a: { steps: [{ uses: t/do:it, retry: { max: 2, initial: 2s } }, { uses: t/do:it, if: always() }] } }',
  'again.yml': 'id: again\njobs: { a: { retry: { max: 1, initial: 2s }, steps: [{ uses: t/do:it }, { uses: t/do:it }] }, b: { needs: a, steps: [{ uses: t/do:it }] } }',
  'pair.yml': 'id: pair\njobs: { a: { steps: [{ uses: t/do:it }] }, b: { steps: [{ uses: t/do:it, on-interrupt: fail }] }, c: { needs: [a, b], if: always(), steps: [{ uses: t/do:it }, { uses: t/do:it }] } }',
  'tidy.yml': 'id: tidy\njobs: { a: { steps: [{ uses: t/do:it }, { uses: t/do:it, if: always() }] }, b: { needs: a, if: cancelled(), retry: { max: 1, initial: 0s }, steps: [{ uses: t/do:it, retry: { max: 1, initial: 2s } }] } }',
  'ask.yml': 'id: ask\njobs: { a: { steps: [{ id: ask, uses: "builtin:approval", with: { title: Go, expires: 20s } }, { uses: t/do:it, if: always() }] } }',
  'hear.yml': 'id: hear\njobs: { a: { steps: [{ id: ask, uses: "builtin:wait", with: { signal: go }, timeout: 15s }] }, b: { steps: [{ uses: t/do:it }] }, c: { needs: [a, b], if: always(), steps: [{ id: ask, uses: "builtin:wait", with: { signal: go, timeout: 9s } }] } }',
  'call.yml': 'id: call\njobs: { a: { steps: [{ uses: "workflow://one", retry: { max: 1, initial: 0s }, timeout: 30s }, { uses: "workflow://tidy", if: always() }] } }',
  'fan.yml': 'id: fan\njobs: { a: { strategy: { max-parallel: 2, matrix: { n: [1, 2, 3] } }, steps: [{ uses: t/do:it }] }, b: { needs: a, steps: [{ uses: t/do:it }] } }',
};

/** Documents are found by their names, so that starting a run reads one of them. */
export function onlyNamed(deps: EngineDeps): EngineDeps {
  const candidates = (id: string) => Promise.resolve([{ file: `${id}.yml`, text: workflows[`${id}.yml`] ?? '' }]);
  return { ...deps, workflows: replacing(deps.workflows, { candidates }) };
}

/** The same numbers for the same seed: a whole number below `below`. The generator is mulberry32. */
export function randomOf(seed: number): (below: number) => number {
  let state = Math.imul(seed + 1, 0x9e3779b1) >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % Math.max(below, 1);
  };
}
