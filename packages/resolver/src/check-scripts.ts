import type { Finding, Workflow } from '@kb-labs/contracts';

import { writtenSteps } from './plan-steps.js';
import { rewriteScript } from './script/rewrite-script.js';

/** Expressions in `run:` scripts that stand where a value could become code, those of hooks among them. */
export function checkScripts(workflow: Workflow): Finding[] {
  const defaultShell = workflow.defaults?.run?.shell ?? 'bash';
  return Object.entries(workflow.jobs).flatMap(([key, job]) =>
    writtenSteps(job).flatMap(({ step, hook, index }): Finding[] => {
      if (step.run === undefined) return [];
      const rewrite = rewriteScript(step.run, step.shell ?? defaultShell);
      if (rewrite.ok) return [];
      const place = hook === undefined ? ['steps', index] : ['hooks', hook, index];
      return rewrite.problems.map((problem) => ({
        code: 'SCRIPT_EXPRESSION',
        message: problem.message.charAt(0).toLowerCase() + problem.message.slice(1).replace(/\.$/, ''),
        hint: problem.hint,
        path: ['jobs', key, ...place, 'run'],
        offset: problem.offset,
      }));
    }),
  );
}
