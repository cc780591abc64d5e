import type { EngineDeps } from '@kb-labs/engine';

import { within } from './within.js';

/** Fails with an error that says what does not work. */
export type Check = () => Promise<void>;

export interface Readiness {
  readonly ready: boolean;
  /** `ok`, or what is wrong. */
  readonly checks: Readonly<Record<string, string>>;
}

/** How long a check may take, and for how long its answer is given again, in milliseconds: together, how late a fault is told at most. */
const LIMIT_MS = 600;
const KEEP_MS = 200;

/** All checks at once, however many ask: a check can write to the disk, and nobody can make it do so more often. */
export function readinessOf({ checks, clock }: { checks: Readonly<Record<string, Check>>; clock: EngineDeps['clock'] }): () => Promise<Readiness> {
  let last: { readonly answer: Promise<Readiness>; until: number } | undefined;
  return () => {
    if (last !== undefined && clock.now() < last.until) return last.answer;
    const mine = { answer: ask(checks, clock), until: Number.POSITIVE_INFINITY };
    last = mine;
    void mine.answer.then(() => {
      mine.until = clock.now() + KEEP_MS;
    });
    return mine.answer;
  };
}

async function ask(checks: Readonly<Record<string, Check>>, clock: EngineDeps['clock']): Promise<Readiness> {
  const answers = await Promise.all(
    Object.entries(checks).map(async ([name, check]) => {
      try {
        await within(clock, LIMIT_MS, check());
        return [name, 'ok'] as const;
      } catch (error) {
        return [name, error instanceof Error ? error.message : String(error)] as const;
      }
    }),
  );
  return { ready: answers.every(([, answer]) => answer === 'ok'), checks: Object.fromEntries(answers) };
}
