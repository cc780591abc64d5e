import type { Finding, Workflow } from '@kb-labs/contracts';
import { messageOf, suggestName } from '@kb-labs/errors';

/** Needs that name no job, and circles of needs: one finding for each circle, which it prints. */
export function checkGraph(workflow: Workflow): Finding[] {
  const keys = Object.keys(workflow.jobs);
  return [...unknownNeeds(workflow, keys), ...cycles(workflow, keys)];
}

/** The jobs a job needs, as a list, whichever way it was written. Repetitions are dropped. */
export function needsOf(workflow: Workflow, job: string): readonly string[] {
  const needs = Object.hasOwn(workflow.jobs, job) ? workflow.jobs[job]?.needs : undefined;
  if (needs === undefined) return [];
  return typeof needs === 'string' ? [needs] : [...new Set(needs)];
}

function unknownNeeds(workflow: Workflow, keys: readonly string[]): Finding[] {
  return keys.flatMap((key) => {
    const written = workflow.jobs[key]?.needs ?? [];
    const list = typeof written === 'string' ? [written] : written;
    return list.flatMap((need, index): Finding[] => {
      if (Object.hasOwn(workflow.jobs, need)) return [];
      const hint = suggestName(need, keys.filter((other) => other !== key));
      return [
        {
          code: 'NEEDS_UNKNOWN',
          message: messageOf('NEEDS_UNKNOWN', { job: need }),
          ...(hint === undefined ? {} : { hint }),
          path: typeof written === 'string' ? ['jobs', key, 'needs'] : ['jobs', key, 'needs', index],
        },
      ];
    });
  });
}

/** Depth-first with an explicit stack: a document can chain more jobs than the call stack holds. */
function cycles(workflow: Workflow, keys: readonly string[]): Finding[] {
  const found: Finding[] = [];
  const done = new Set<string>();
  for (const start of keys) {
    if (done.has(start)) continue;
    const path: string[] = [];
    const onPath = new Set<string>();
    const stack: { job: string; needs: readonly string[]; next: number }[] = [];
    const enter = (job: string): void => {
      path.push(job);
      onPath.add(job);
      stack.push({ job, needs: needsOf(workflow, job), next: 0 });
    };
    enter(start);
    for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
      const need = top.needs[top.next];
      top.next += 1;
      if (need === undefined) {
        stack.pop();
        path.pop();
        onPath.delete(top.job);
        done.add(top.job);
      } else if (onPath.has(need)) {
        found.push(cycleFinding(workflow, path.slice(path.indexOf(need)), top.job, need));
      } else if (!done.has(need) && Object.hasOwn(workflow.jobs, need)) {
        enter(need);
      }
    }
  }
  return found;
}

function cycleFinding(workflow: Workflow, circle: readonly string[], job: string, need: string): Finding {
  const written = workflow.jobs[job]?.needs;
  const index = Array.isArray(written) ? written.indexOf(need) : -1;
  return {
    code: 'NEEDS_CYCLE',
    message: messageOf('NEEDS_CYCLE', { cycle: [...circle, circle[0] ?? need].join(' → ') }),
    hint: 'an arrow points from a job to one it needs: remove one of these needs',
    path: index < 0 ? ['jobs', job, 'needs'] : ['jobs', job, 'needs', index],
  };
}
