// Kills the daemon of a flow in the middle of its work, starts it again, and writes what became of the flow to verdict.json.
// node survive-restart.mjs    (KB: the program to call in place of "kb", as a JSON list of its words)
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';

/**
 * @typedef {object} Flow what is looked at of a flow
 * @property {string} status
 * @property {string} run_id
 * @property {string[]} pending_approval_ids
 * @property {string[]} child_run_ids
 * @property {{ rule: string }[]} reasons
 * @property {{ kind: string, name: string | null }[]} output_refs
 * @property {{ kind: string, id: string }[]} evidence_refs
 * @property {{ missing_evidence: { kind: string }[] }} contract
 * @typedef {{ type: string, status?: string, step?: string, stepAttempt?: number }} Event
 */

/** @type {string[]} */
const [program = 'kb', ...words] = JSON.parse(process.env['KB'] ?? '["kb"]');
const run = promisify(execFile);
const FLOW = 'survives';
const CHECK_SECONDS = 5;
const PATIENCE_MS = 60_000;

/**
 * @param {string[]} args
 * @returns {Promise<any>}
 */
async function kb(...args) {
  const { stdout } = await run(program, [...words, ...args, '--json'], { maxBuffer: 1 << 26 });
  return JSON.parse(stdout);
}

/** Resolves once it works. It gets a process group of its own, to be killed with all that it has started. */
async function startDaemon() {
  const daemon = spawn(program, [...words, 'daemon:start', '--port=0'], { detached: true, stdio: ['ignore', 'pipe', 'inherit'] });
  for await (const line of createInterface({ input: daemon.stdout })) {
    if (JSON.parse(line).message === 'the daemon works') break;
  }
  daemon.stdout.resume();
  return daemon;
}

/**
 * @param {import('node:child_process').ChildProcess} daemon
 * @param {NodeJS.Signals} signal
 */
async function stop(daemon, signal) {
  const ended = once(daemon, 'exit');
  if (signal === 'SIGKILL' && daemon.pid !== undefined) process.kill(-daemon.pid, signal);
  else daemon.kill(signal);
  await ended;
}

/**
 * @template Found
 * @param {() => Promise<Found>} read
 * @param {(found: Found) => boolean} holds
 */
async function until(read, holds) {
  const end = Date.now() + PATIENCE_MS;
  for (;;) {
    const found = await read();
    if (holds(found)) return found;
    if (Date.now() > end) throw new Error(`it did not come: ${JSON.stringify(found)}`);
    await pause(200);
  }
}

/** @returns {Promise<Flow>} */
const getFlow = () => kb('flows', 'get', FLOW);
/** @param {Flow} flow */
const hasNotes = (flow) => flow.output_refs.some(({ kind, name }) => kind === 'artifact' && name === 'publish/notes/notes.md');

/**
 * @param {string} task
 * @returns {Promise<string[]>}
 */
async function outputOf(task) {
  /** @type {{ items: { stream: string, text: string }[] }} */
  const { items } = await kb('tasks', 'output', task);
  return items.flatMap(({ stream, text }) => (stream === 'stdout' ? [text] : []));
}

/** @type {{ check: string, holds: boolean }[]} */
const checks = [];
/**
 * @param {string} what
 * @param {boolean} holds
 */
function check(what, holds) {
  checks.push({ check: what, holds });
}

writeFileSync('request.json', JSON.stringify({ inputs: { version: '2.0.0', seconds: CHECK_SECONDS } }));
const { digest } = await kb('playbooks', 'create', '--manifest-file', 'playbooks/release.yml');
await kb('playbooks', 'publish', 'release', '--version', '1.0.0', '--digest', digest, '--status', 'active', '--evidence-refs-json', '[{"kind":"review","id":"PR-12"}]');
await kb('sessions', 'create', 'restart');

let daemon = await startDaemon();
/** @type {Flow} */
let flow;
try {
  await kb('flows', 'start', '--playbook-id', 'release', '--version', '1.0.0', '--digest', digest, '--session-id', 'restart', '--request-file', 'request.json', '--flow-id', FLOW);
  const before = await until(getFlow, ({ pending_approval_ids, child_run_ids }) => pending_approval_ids.length === 1 && child_run_ids.length === 1);
  const [approval = ''] = before.pending_approval_ids;
  const [child = ''] = before.child_run_ids;
  const task = `${child}.check`;
  await until(() => outputOf(task), (lines) => lines.length === 1);
  await stop(daemon, 'SIGKILL');

  const down = await getFlow();
  check('with the daemon gone the flow waits for the same approval', down.status === 'waiting' && down.pending_approval_ids.join() === approval);
  check('with the daemon gone what the check had printed is readable', (await outputOf(task)).join() === 'checking 2.0.0');

  daemon = await startDaemon();
  /** @returns {Promise<Event | undefined>} */
  const findCut = async () => {
    /** @type {{ items: Event[] }} */
    const { items } = await kb('runs', 'events', child);
    return items.find(({ type, status }) => type === 'step.finished' && status === 'interrupted');
  };
  const cut = await until(findCut, (event) => event !== undefined);
  check('the try that was cut off is on record as interrupted', cut?.step === 'shell' && cut.stepAttempt === 1);
  await until(() => kb('runs', 'get', child), ({ status }) => status === 'completed');
  const tries = await outputOf(task);
  check('its partial output stands beside that of the second try', tries.join() === 'checking 2.0.0,checking 2.0.0,checked 2.0.0');
  const up = await getFlow();
  check('the approval is still pending, and is the same one', up.status === 'waiting' && up.pending_approval_ids.join() === approval);
  check('the artifact that needs the approval does not exist', !hasNotes(up));

  await kb('approvals', 'allow', approval);
  const done = await until(getFlow, ({ status, reasons }) => status !== 'running' && reasons[0]?.rule !== 'waiting');
  check('after the approval the artifact exists', hasNotes(done));
  check('without its evidence the flow waits, and names it', done.status === 'waiting' && done.contract.missing_evidence.map(({ kind }) => kind).toSorted().join() === 'approval,artifact,review');

  const evidence = [
    { kind: 'approval', id: approval },
    { kind: 'artifact', id: `${done.run_id}/publish/notes/notes.md` },
    { kind: 'run', id: child },
    { kind: 'review', id: 'CHANGELOG-2.0.0' },
  ];
  flow = await kb('flows', 'evidence', FLOW, '--evidence-refs-json', JSON.stringify(evidence));
  check('with its evidence the flow has succeeded', flow.status === 'succeeded');
  check('all of its evidence is linked', evidence.every(({ kind, id }) => flow.evidence_refs.some((one) => one.kind === kind && one.id === id)) && flow.contract.missing_evidence.length === 0);
} finally {
  if (daemon.exitCode === null && daemon.signalCode === null) await stop(daemon, 'SIGTERM');
}

const holds = checks.every((one) => one.holds);
writeFileSync('verdict.json', `${JSON.stringify({ holds, flow_id: FLOW, status: flow.status, checks }, null, 2)}\n`);
for (const one of checks) console.log(`${one.holds ? 'ok  ' : 'FAIL'}  ${one.check}`);
process.exitCode = holds ? 0 : 1;
