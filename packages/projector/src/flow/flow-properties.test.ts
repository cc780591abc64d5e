import type { FlowView, RunEvent, RunId, RunState } from '@kb-labs/contracts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { foldRun } from '../fold-run.js';
import { type FlowCase, idOf, journalOf, sourceOf, type WrittenRun } from './flow.fixture.js';
import { isSettled } from './flow-rules.js';
import { type FlowSource, toFlowView } from './flow-view.js';
import { scopedRunOf } from './scoped-run.js';
import { sessionRunStatus } from './session-run-status.js';
import { promptsOf } from './prompts-of.js';
import { tasksOf } from './tasks-of.js';

type Runs = FlowCase['runs'];

const manifest = { required_evidence: [{ kind: 'review' }] };

describe('a flow, whatever its runs do', () => {
  it('is the same when it is folded twice', () => {
    fc.assert(
      fc.property(flows(), ({ runs, evidence }) => {
        expect(toFlowView(sourceOf({ runs, evidence }))).toEqual(toFlowView(sourceOf({ runs, evidence })));
      }),
    );
  });

  it('does not depend on the order in which runs and evidence are given', () => {
    const reordered = flows().chain((flow) => {
      const source = sourceOf(flow);
      const other = <T>(items: readonly T[]) => fc.shuffledSubarray([...items], { minLength: items.length });
      return fc.record({ source: fc.constant(source), runs: other(source.runs), evidence: other(source.evidence) });
    });
    fc.assert(
      fc.property(reordered, ({ source, runs, evidence }) => {
        expect(toFlowView({ ...source, runs, evidence })).toEqual(toFlowView(source));
      }),
    );
  });

  it('never comes back from being settled when somebody uses a session of its runs again', () => {
    const settled = flows().filter((flow) => isSettled(toFlowView(sourceOf({ ...flow, manifest })).status));
    fc.assert(
      fc.property(settled, fc.array(deeds(), { minLength: 1, maxLength: 3 }), ({ runs, evidence }, later) => {
        const before = toFlowView(sourceOf({ runs, evidence, manifest }));
        const after = toFlowView(sourceOf({ runs: { ...runs, ...submitted(runs, later, lastInstant(runs)) }, evidence, manifest }));
        expect(after).toEqual(before);
      }),
    );
  });

  it('takes in what comes before it is settled: the negative control of the property above', () => {
    const source = sourceOf({ runs: { root: { does: 'success a=detached>child', endsAt: 1_100 }, child: { does: 'success a=ok', of: 'root' }, late: { does: 'failed a=ok', to: 'child', at: 1_050 } } });
    expect(toFlowView(source).status).toBe('failed');
  });

  it('once it is settled, stays what it is while the journals of sessions that are used again grow', () => {
    fc.assert(
      fc.property(flows(), deeds(), fc.integer({ min: 0, max: 400 }), ({ runs, evidence }, does, offset) => {
        const all: Runs = { ...runs, ...submitted(runs, [does], 1_000 + offset) };
        const whole = sourceOf({ runs: all, evidence, manifest });
        const journals = Object.keys(all).map((name) => [idOf(name), journalOf(name, all)] as const);
        const seen = instantsOf(whole, journals).map((now) => ({ now, view: toFlowView(sourceAt(whole, journals, now)) }));
        const first = seen.find(({ view }) => view.status === 'succeeded');
        for (const { now, view } of seen) if (first !== undefined && now >= first.now) expect(lasting(view)).toEqual(lasting(first.view));
        // What has failed can only be told again; what was cancelled can still be found to have failed.
        const failed = seen.findIndex(({ view }) => view.status === 'failed');
        if (failed >= 0) for (const { view } of seen.slice(failed)) expect(view.status).toBe('failed');
      }),
      { numRuns: 60 },
    );
  });
});

describe('a run, event by event', () => {
  it('is what it is from its whole journal', () => {
    fc.assert(
      fc.property(flows(), ({ runs }) => {
        for (const name of Object.keys(runs)) {
          const events = journalOf(name, runs);
          let live: RunState | undefined;
          for (const [index, event] of events.entries()) {
            live = foldRun(idOf(name), [event], live);
            const seen = events.slice(0, index + 1);
            const run = scopedRunOf(idOf(name), seen);
            const prompts = promptsOf(live, seen);
            expect({ status: sessionRunStatus(live, prompts), tasks: tasksOf(live), prompts }).toEqual({ status: run.status, tasks: run.tasks, prompts: run.prompts });
          }
        }
      }),
      { numRuns: 40 },
    );
  });
});

const ENDED = ['ok', 'failed', 'hidden', 'tool', 'cancelled', 'skipped', 'allowed', 'denied', 'answered', 'cut', 'parked', 'retried'];
const OPEN = ['queued', 'running', 'sleeps', 'asks', 'question', 'unwanted'];

/** What a run does, without calls. Ends are drawn apart from jobs: more than any engine would write, and all of it can be folded. */
function deeds(): fc.Arbitrary<string> {
  const jobs = (hows: string[]) => fc.array(fc.constantFrom(...hows), { minLength: 1, maxLength: 3 }).map((some) => some.map((how, index) => `${'abc'[index] ?? 'z'}=${how}`).join(' '));
  const over = fc.tuple(fc.constantFrom('success', 'success', 'success', 'failed', 'cut', 'cancelled', 'skipped', 'quarantined'), jobs(ENDED));
  return fc.oneof({ weight: 3, arbitrary: over }, fc.tuple(fc.constant('open'), jobs([...ENDED, ...OPEN]))).map((parts) => parts.join(' '));
}

/** A root with up to four runs below it, in any generation. */
function flows(): fc.Arbitrary<{ runs: Runs; evidence: string[] }> {
  const names = ['r1', 'r2', 'r3', 'r4'];
  return fc
    .record({
      root: deeds(),
      below: fc.array(fc.record({ does: deeds(), parent: fc.nat(), delay: fc.integer({ min: 0, max: 60 }) }), { maxLength: 4 }),
      evidence: fc.subarray(['review:a@1200', 'review:b@1010', 'note:c@990']),
    })
    .map(({ root, below, evidence }) => {
      const runs: Record<string, WrittenRun> = { root: { does: root } };
      for (const [index, { does, parent, delay }] of below.entries()) {
        const above = ['root', ...names.slice(0, index)];
        const of = above[parent % above.length] ?? 'root';
        const name = names[index] ?? 'r4';
        const caller = runs[of];
        if (caller === undefined) continue;
        // Children start while their callers go on: after the first event, and before the last.
        const at = (caller.at ?? 1_000) + 1 + delay;
        const [end = '', ...jobs] = caller.does.split(' ');
        runs[of] = { ...caller, does: [end, `d${String(index)}=detached>${name}`, ...jobs].join(' '), ...(end === 'open' ? {} : { endsAt: Math.max(caller.endsAt ?? 0, at + 40) }) };
        runs[name] = { does, of, at };
      }
      return { runs, evidence };
    });
}

/** Runs given to sidechains of a flow, from an instant on. */
function submitted(runs: Runs, does: readonly string[], at: number): Runs {
  const sidechains = Object.keys(runs).filter((name) => runs[name]?.of !== undefined);
  return Object.fromEntries(
    does.flatMap((one, index) => {
      const to = sidechains[index % Math.max(1, sidechains.length)];
      return to === undefined ? [] : [[`late${String(index)}`, { does: one, to, at: at + index }]];
    }),
  );
}

/** All but evidence: more of that can always come. */
function lasting({ contract: _contract, evidence_refs: _evidence, ...view }: FlowView): unknown {
  return view;
}

function lastInstant(runs: Runs): number {
  return Math.max(1_200, ...Object.keys(runs).map((name) => journalOf(name, runs).at(-1)?.at ?? 0));
}

function instantsOf(whole: FlowSource, journals: readonly (readonly [RunId, readonly RunEvent[]])[]): number[] {
  const events = journals.flatMap(([, some]) => some.map(({ at }) => at));
  return [...new Set([...events, ...whole.evidence.map(({ at }) => at)])].toSorted((a, b) => a - b);
}

/** A flow as it was to be seen at an instant. */
function sourceAt(whole: FlowSource, journals: readonly (readonly [RunId, readonly RunEvent[]])[], now: number): FlowSource {
  const upTo = (events: readonly RunEvent[]) => events.filter(({ at }) => at <= now);
  return {
    ...whole,
    evidence: whole.evidence.filter(({ at }) => at <= now),
    runs: journals.flatMap(([id, events]) => ((events[0]?.at ?? now + 1) > now ? [] : [scopedRunOf(id, upTo(events))])),
  };
}
