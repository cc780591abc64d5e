import { setTimeout as wait } from 'node:timers/promises';

import type { Explanation, JobView, RunView, StepView } from '@kb-labs/contracts';

import { Project } from './project.fixture.js';

/** Each look is a process of its own, and what is waited for needs the machine as well: looks become rarer. */
const FIRST_PAUSE_MS = 20;
const LONGEST_PAUSE_MS = 500;

/** A project, and what is often asked about its runs. */
export class ProjectWithRuns extends Project {
  run(workflowId: string, ...args: string[]): Promise<RunView> {
    return this.json('workflow:run', `--workflow-id=${workflowId}`, ...args);
  }

  status(runId: string): Promise<RunView> {
    return this.json('workflow:status', `--run-id=${runId}`);
  }

  explain(runId: string): Promise<Explanation> {
    return this.json('workflow:explain', `--run-id=${runId}`);
  }

  /** Follows a run: its views are printed one by one, and the last is how it ended. */
  async end(runId: string): Promise<RunView> {
    const answer = await this.kb('workflow:watch', `--run-id=${runId}`, '--json');
    return JSON.parse(answer.stdout.trim().split('\n').at(-1) ?? '') as RunView;
  }

  /** Starts a run with a worker in the background, and answers its id. */
  async begin(workflowId: string, ...args: string[]): Promise<string> {
    return (await this.run(workflowId, '--detach', ...args)).id;
  }

  async until(runId: string, ready: (view: RunView) => boolean): Promise<RunView> {
    for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS)) {
      const view = await this.status(runId);
      if (ready(view)) return view;
      if (view.finishedAt !== null) throw new Error(`the run ended as ${view.status} before it was as expected: ${JSON.stringify(view.error)}`);
      await wait(pauseMs);
    }
  }
}

/** One with the examples of waiting, fan-out and control. */
export class ControlProject extends ProjectWithRuns {
  constructor() {
    super();
    this.copy('examples/control/.kb', '.kb');
  }
}

export const isWaiting = (view: RunView): boolean => view.status === 'waiting';

export function job(view: RunView, key: string): JobView {
  const found = view.jobs.find((one) => one.key === key);
  if (found === undefined) throw new Error(`no job ${key}, only ${view.jobs.map((one) => one.key).join(', ')}`);
  return found;
}

export function step(view: RunView, path: string): StepView {
  const [key = '', id = ''] = path.split('/');
  const found = job(view, key).steps.find((one) => one.id === id);
  if (found === undefined) throw new Error(`no step ${path}`);
  return found;
}

export function jobStatuses(view: RunView): Record<string, string> {
  return Object.fromEntries(view.jobs.map((one) => [one.key, one.status]));
}

export const instant = (text: string | null): number => Date.parse(text ?? '');

/** The id in what a run says first. */
export function announced(child: ReturnType<Project['start']>): Promise<string> {
  return new Promise((resolve, reject) => {
    let said = '';
    const listen = (chunk: Buffer): void => {
      said += chunk.toString();
      const found = /run_[0-9A-Z]{26}/.exec(said);
      if (found !== null) resolve(found[0]);
    };
    child.stdout?.on('data', listen);
    child.stderr?.on('data', listen);
    child.once('close', () => reject(new Error(`it ended without saying which run it is:\n${said}`)));
  });
}
