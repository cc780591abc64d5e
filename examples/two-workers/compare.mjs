/**
 * An event as `GET /api/v1/workflows/runs/:id/events` shows it, as far as it matters here.
 *
 * @typedef {{ seq: number, type: string, job?: string, attempt?: number, step?: string, stepAttempt?: number, status?: string }} Event
 *
 * @typedef {object} Comparison
 * @property {string[]} lost what was accepted and has not come to its end, or is recorded as done and was not
 * @property {string[]} doubled what has two outcomes, or was done more often than is recorded
 * @property {string[]} takenOver steps that were cut off with their worker and tried again
 * @property {string[]} byStatus
 */

/**
 * Holds three records against each other: the runs that were accepted, the journals of all runs there are, and what the steps wrote
 * down themselves: `begin <run> <job> <step> <machine>` and `end …`.
 *
 * @param {{ accepted: readonly string[], journals: ReadonlyMap<string, readonly Event[]>, ledger: readonly string[] }} records
 * @returns {Comparison}
 */
export function compare({ accepted, journals, ledger }) {
  /** @type {Comparison} */
  const found = { lost: [], doubled: [], takenOver: [], byStatus: [] };
  const wanted = new Set(accepted);
  for (const run of wanted) if (!journals.has(run)) found.lost.push(`${run} was accepted and is gone`);
  if (wanted.size < accepted.length) found.lost.push(`${accepted.length - wanted.size} times a run was accepted that was another one's`);
  for (const run of journals.keys()) if (!wanted.has(run)) found.doubled.push(`${run} is a run that nobody was told of`);
  const lines = Map.groupBy(ledger, (line) => line.split(' ').slice(0, 4).join(' '));
  for (const [run, events] of journals) {
    compareEnd(run, events, found);
    const ofSteps = Map.groupBy(events.filter(({ step }) => step !== undefined), ({ job, step }) => `${run} ${job} ${step}`);
    for (const [step, some] of ofSteps) {
      compareStep(step, some, { begun: lines.get(`begin ${step}`)?.length ?? 0, done: lines.get(`end ${step}`)?.length ?? 0 }, found);
    }
  }
  const statuses = [...journals.values()].map((events) => events.at(-1)?.status ?? 'open');
  found.byStatus = [...Map.groupBy(statuses, (status) => status)].map(([status, some]) => `${some.length} ${status}`);
  return found;
}

/**
 * @param {string} run
 * @param {readonly Event[]} events
 * @param {Comparison} found
 */
function compareEnd(run, events, found) {
  const ends = events.filter(({ type }) => type === 'run.finished').length;
  if (ends > 1) found.doubled.push(`${run} ended ${ends} times`);
  if (events.at(-1)?.type !== 'run.finished') found.lost.push(`${run} has not ended`);
  if (events.some(({ seq }, index) => seq !== index + 1)) found.lost.push(`${run} has a journal with a gap`);
}

/**
 * @param {string} name
 * @param {readonly Event[]} events of one step
 * @param {{ begun: number, done: number }} times
 * @param {Comparison} found
 */
function compareStep(name, events, { begun, done }, found) {
  const started = events.filter(({ type }) => type === 'step.started').length;
  const outcomes = events.filter(({ type }) => type === 'step.finished');
  for (const [number, some] of Map.groupBy(outcomes, ({ stepAttempt }) => stepAttempt)) {
    if (some.length > 1) found.doubled.push(`${name} has ${some.length} outcomes of try ${number}`);
  }
  if (begun > started) found.doubled.push(`${name} began ${begun} times, and its journal says ${started}`);
  if (outcomes.some(({ status }) => status === 'success') && done === 0) found.lost.push(`${name} is recorded as a success and was not done`);
  if (outcomes.some(({ status }) => status === 'interrupted')) found.takenOver.push(name);
}
