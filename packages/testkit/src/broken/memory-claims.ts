import type { RunId } from '@kb-labs/contracts';
import type { Claims, NewClaim } from '@kb-labs/ports';

import type { MemoryClaim, MemoryState } from './memory-state.js';

const AHEAD_SHOWN = 100;

export function claimsOf(state: MemoryState): Claims {
  return {
    of: (runId) =>
      Promise.resolve(
        state.claims.flatMap((claim) => {
          if (claim.runId !== runId) return [];
          const ahead = state.aheadOf(claim);
          const shown = state.has('all who stand ahead are named') ? ahead : ahead.slice(0, AHEAD_SHOWN);
          return [{ ...claim, ahead: shown.map((each) => ({ runId: each.runId, job: each.job })), aheadCount: ahead.length }];
        }),
      ),
  };
}

export function placeClaims(state: MemoryState, runId: RunId, claims: readonly NewClaim[]): void {
  for (const { group, job } of claims) {
    const index = state.claims.findIndex((each) => each.runId === runId && each.job === job);
    const known = state.claims[index];
    if (known !== undefined && state.has('a claim cannot change its group')) continue;
    if (known?.group === group && !state.has('a claim asked for again goes to the end')) continue;
    if (known !== undefined) {
      state.claims.splice(index, 1);
      state.tell('ready');
    }
    state.claims.push({ group, job, runId });
  }
}

export function endClaims(state: MemoryState, runId: RunId, jobs: readonly string[]): void {
  if (state.has('claims are never given up')) return;
  keep(state, (claim) => claim.runId !== runId || claim.job === null || !jobs.includes(claim.job));
}

export function dropClaimsOf(state: MemoryState, runId: RunId): void {
  if (!state.has('claims outlive their run')) keep(state, (claim) => claim.runId !== runId);
}

function keep(state: MemoryState, wanted: (claim: MemoryClaim) => boolean): void {
  const kept = state.claims.filter(wanted);
  if (kept.length < state.claims.length && !state.has('who comes free is not told')) state.tell('ready');
  state.claims.splice(0, state.claims.length, ...kept);
}
