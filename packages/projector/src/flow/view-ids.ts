/** The identity that carries out what a session is asked for. */
export function agentOf(sessionId: string): string {
  return `agent-${sessionId}`;
}

/** `undefined` when it is the id of no agent. */
export function sessionOfAgent(agentId: string): string | undefined {
  return agentId.startsWith('agent-') && agentId.length > 'agent-'.length ? agentId.slice('agent-'.length) : undefined;
}

/** The session of a run that a run of a session has called. */
export function sidechainOf(runId: string): string {
  return `sc-${runId}`;
}

/** The run that a sidechain was made for; `undefined` for any other session. */
export function runOfSidechain(sessionId: string): string | undefined {
  return /^sc-(run_[0-9A-Z]{26})$/.exec(sessionId)?.[1];
}

/** A job of a run: combinations of a matrix have a number in their key. */
export function taskIdOf(runId: string, job: string): string {
  return `${runId}.${job}`;
}

const TASK = /^(run_[0-9A-Z]{26})\.(.+)$/;

export function parseTaskId(id: string): { readonly runId: string; readonly job: string } | undefined {
  const [, runId, job] = TASK.exec(id) ?? [];
  return runId === undefined || job === undefined ? undefined : { runId, job };
}

/** `nth`: how often the step has asked, from 1. */
export function promptIdOf(runId: string, place: { readonly job: string; readonly step: string; readonly nth: number }): string {
  return `${taskIdOf(runId, place.job)}.${place.step}.${String(place.nth)}`;
}

const PROMPT = /^(run_[0-9A-Z]{26})\.(.+)\.([A-Za-z0-9_-]+)\.([1-9][0-9]{0,5})$/;

export function parsePromptId(id: string): { readonly runId: string; readonly job: string; readonly step: string; readonly nth: number } | undefined {
  const [, runId, job, step, nth] = PROMPT.exec(id) ?? [];
  return runId === undefined || job === undefined || step === undefined ? undefined : { runId, job, step, nth: Number(nth) };
}
