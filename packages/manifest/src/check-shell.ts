import type { Finding, JsonValue } from '@kb-labs/contracts';

import { type JobOutline, mappingAt, type Outline, type StepOutline, valueAt } from './outline.js';
import { report } from './report.js';

/** The programs a `shell:` may be started as. */
const PROGRAMS: Readonly<Record<string, readonly string[]>> = {
  bash: ['bash'],
  sh: ['sh'],
  node: ['node'],
  python: ['python', 'python3'],
};

/** `run:` steps whose job does not grant the shell. What a job says about a permission replaces what the workflow says. */
export function* checkShell(outline: Outline): Generator<Finding> {
  const ofWorkflow = valueAt(mappingAt(outline.data, 'permissions'), 'shell');
  const shell = valueAt(mappingAt(mappingAt(outline.data, 'defaults'), 'run'), 'shell');
  for (const job of outline.jobs?.values() ?? []) {
    const ofJob = valueAt(mappingAt(job.data, 'permissions'), 'shell');
    const grant = ofJob ?? ofWorkflow;
    // What is malformed has been reported; nothing is known about the shell then.
    if (grant === true || (grant !== undefined && grant !== false && !Array.isArray(grant))) continue;
    for (const step of job.steps) {
      if (!Object.hasOwn(step.data, 'run')) continue;
      const program = valueAt(step.data, 'shell') ?? shell ?? 'bash';
      if (grants(grant, program)) continue;
      yield report('SHELL_NOT_PERMITTED', [...step.path, 'run'], { hint: hintFor({ grant, program, job, fromJob: ofJob !== undefined, step }), atKey: true });
    }
  }
}

function grants(grant: JsonValue | undefined, program: JsonValue): boolean {
  if (!Array.isArray(grant) || typeof program !== 'string') return false;
  const names = Object.hasOwn(PROGRAMS, program) ? (PROGRAMS[program] ?? []) : [program];
  return names.some((name) => grant.includes(name));
}

interface Refusal {
  readonly grant: JsonValue | undefined;
  readonly program: JsonValue;
  readonly job: JobOutline;
  readonly fromJob: boolean;
  readonly step: StepOutline;
}

/** `undefined`: nobody says anything about the shell, and the register's hint fits. */
function hintFor({ grant, program, job, fromJob }: Refusal): string | undefined {
  if (grant === undefined) return undefined;
  const where = fromJob ? `the permissions of the job "${job.key}"` : 'the permissions of the workflow';
  if (Array.isArray(grant)) return `add "${String(program)}" to the shell list in ${where}`;
  return `${where} say "shell: false"`;
}
