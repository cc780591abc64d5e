import { TASK_STATUSES } from '@kb-labs/contracts';

import type { CommandSpec } from '../command-spec.js';
import { page } from './options.js';

const within = {
  'run-id': { type: 'string', value: 'ID', complete: 'run', describe: 'Only of this run' },
  'session-id': { type: 'string', value: 'ID', describe: 'Only of this session' },
} as const;
const playbook = { name: 'ID', required: true, describe: 'The id of the playbook' } as const;
const flow = { name: 'ID', required: true, describe: 'The id of the flow' } as const;
const session = { name: 'ID', required: true, describe: 'The id of the session' } as const;
const run = { name: 'ID', required: true, complete: 'run', describe: 'The id of the run' } as const;
const task = { name: 'ID', required: true, describe: 'The id of the task: RUN.JOB' } as const;
const prompt = { name: 'ID', required: true, describe: 'Its id, as the list shows it' } as const;
const version = { type: 'string', required: true, value: 'VERSION', describe: 'The version' } as const;
const digest = { type: 'string', required: true, value: 'DIGEST', describe: 'Its digest, sha256:…: what was looked at is what is decided on' } as const;
const manifest = { type: 'string', required: true, value: 'FILE', complete: 'file', describe: 'The manifest, as YAML or JSON; - is standard input' } as const;
const evidence = { type: 'string', required: true, value: 'JSON', describe: 'A list of { "kind", "id", "description" }' } as const;
const metadata = { type: 'string', value: 'JSON', describe: 'A JSON object that is kept with it' } as const;
const note = { type: 'string', value: 'TEXT', describe: 'Why, kept with the run' } as const;
const comment = { type: 'string', value: 'TEXT', describe: 'Why, kept with the decision' } as const;
const subject = { type: 'string', value: 'DIGEST', describe: 'Its subject, as it was shown: when that has changed, the decision is refused' } as const;
const kind = { type: 'string', value: 'KIND', choices: ['session', 'sidechain'], describe: 'Only those that people opened, or that runs have made' } as const;
const PROMPTS = ['pending', 'allowed', 'denied', 'answered', 'expired', 'cancelled'] as const;
const promptStatus = { type: 'string', value: 'STATUS', choices: PROMPTS, describe: 'Only those that stand so' } as const;
const events = {
  limit: { type: 'integer', value: 'N', describe: 'At most so many (200)' },
  cursor: { type: 'string', value: 'N', describe: 'Only those behind the event with this number' },
} as const;

/** Playbooks, flows, sessions and what they consist of. */
export const COORDINATION_COMMANDS = {
  'playbooks:validate': {
    summary: 'Check a manifest, and what its flows would run here',
    gateway: 'asked',
    options: { 'manifest-file': manifest },
    examples: ['kb playbooks validate --manifest-file playbooks/release.yml'],
  },
  'playbooks:create': {
    summary: 'Keep a version of a playbook, as a draft',
    gateway: 'asked',
    details: 'The same manifest again changes nothing; another one under the same version is refused.',
    options: { 'manifest-file': manifest },
    examples: ['kb playbooks create --manifest-file playbooks/release.yml'],
  },
  'playbooks:list': {
    summary: 'List versions of playbooks',
    gateway: 'asked',
    options: { 'playbook-id': { type: 'string', value: 'ID', describe: 'Only versions of this one' }, ...page },
    examples: ['kb playbooks list', 'kb playbooks list --playbook-id release --json'],
  },
  'playbooks:get': {
    summary: 'Show a version of a playbook with its history',
    gateway: 'asked',
    positional: playbook,
    options: { version: { type: 'string', value: 'VERSION', describe: 'The version (the active one, else the newest that can start flows, else the newest)' } },
    examples: ['kb playbooks get release', 'kb playbooks get release --version 1.0.0 --json'],
  },
  'playbooks:diff': {
    summary: 'Show what differs between two versions',
    gateway: 'asked',
    details: 'In what they say, and in what they would run here and now.',
    positional: playbook,
    options: { from: { type: 'string', required: true, value: 'VERSION', describe: 'The earlier version' }, to: { type: 'string', required: true, value: 'VERSION', describe: 'The later version' } },
    examples: ['kb playbooks diff release --from 1.0.0 --to 1.1.0'],
  },
  'playbooks:publish': {
    summary: 'Let a version of a playbook start flows',
    gateway: 'asked',
    details: 'On evidence, and for the exact digest. There is one active version: the former becomes verified.',
    positional: playbook,
    options: {
      version,
      digest,
      status: { type: 'string', required: true, value: 'STATUS', choices: ['verified', 'canary', 'active'], describe: 'What it becomes' },
      'evidence-refs-json': evidence,
    },
    examples: [`kb playbooks publish release --version 1.0.0 --digest sha256:4f0c… --status active --evidence-refs-json='[{"kind":"review","id":"PR-12"}]'`],
  },
  'playbooks:revoke': {
    summary: 'Let a version start no flows any more, for ever',
    gateway: 'asked',
    positional: playbook,
    options: {
      version,
      digest,
      reason: { type: 'string', required: true, value: 'TEXT', describe: 'Why, kept in its history' },
      'stop-running': { type: 'boolean', describe: 'Cancel its flows that go on' },
    },
    examples: ['kb playbooks revoke release --version 1.0.0 --digest sha256:4f0c… --reason=superseded'],
  },
  'flows:start': {
    summary: 'Start a version of a playbook in a session',
    gateway: 'asked',
    details:
      'The same id or key with everything else the same is the same flow; with anything else it is refused. The daemon, or a worker in the background, carries its runs on.',
    options: {
      'playbook-id': { type: 'string', required: true, value: 'ID', describe: 'The playbook' },
      version,
      digest,
      'session-id': { type: 'string', required: true, value: 'ID', describe: 'The session' },
      'request-file': { type: 'string', required: true, value: 'FILE', complete: 'file', describe: 'A file with { "workflow_id", "inputs", "metadata", "idempotency_key" }, all optional, as JSON; - is standard input' },
      'flow-id': { type: 'string', value: 'ID', describe: 'The id it is to have (a fresh one)' },
      'idempotency-key': { type: 'string', value: 'KEY', describe: 'Start at most one flow for this key' },
      'metadata-json': metadata,
      'evidence-refs-json': { type: 'string', value: 'JSON', describe: 'Evidence from the start, as flows:evidence takes it' },
    },
    examples: ['kb flows start --playbook-id release --version 1.0.0 --digest sha256:4f0c… --session-id spring --request-file request.json'],
  },
  'flows:list': { summary: 'List flows, the newest first', gateway: 'asked', options: page, examples: ['kb flows list', 'kb flows list --limit=100 --json'] },
  'flows:get': { summary: 'Show where a flow stands, and why', gateway: 'asked', positional: flow, options: {}, examples: ['kb flows get flow-01J…'] },
  'flows:cancel': {
    summary: 'Cancel a flow, with its root run and what that called',
    gateway: 'asked',
    positional: flow,
    options: { reason: { type: 'string', value: 'TEXT', describe: 'Why, kept with the flow' } },
    examples: ['kb flows cancel flow-01J… --reason=mistaken'],
  },
  'flows:stream': {
    summary: 'Follow the events of the root run of a flow',
    gateway: 'asked',
    details: 'Ends with the run. With --json a line for each event.',
    positional: flow,
    options: {},
    examples: ['kb flows stream flow-01J… --json'],
  },
  'flows:evidence': {
    summary: 'Add evidence to a flow',
    gateway: 'asked',
    details: 'A run, task, agent, approval, question, output, flow or artifact has to be there; any other kind is the word of whoever gives it. Nothing is ever taken away.',
    positional: flow,
    options: { 'evidence-refs-json': evidence },
    examples: [`kb flows evidence flow-01J… --evidence-refs-json='[{"kind":"artifact","id":"bundle.txt"}]'`],
  },
  'flows:export': {
    summary: 'Write a flow as one document that can be checked anywhere',
    gateway: 'asked',
    positional: flow,
    options: { output: { type: 'string', value: 'FILE', complete: 'file', describe: 'Where to write it (standard output)' } },
    examples: ['kb flows export flow-01J… --output flow.json'],
  },
  'flows:verify': {
    summary: 'Check an exported flow, with nothing but the file',
    gateway: 'none',
    details: 'Every part is measured again, and the status made anew from the events in it. Exits with 1 when a byte was changed.',
    positional: { name: 'FILE', required: true, complete: 'file', describe: 'What flows:export wrote' },
    options: {},
    examples: ['kb flows verify flow.json'],
  },
  'sessions:create': {
    summary: 'Open a session: one run goes on in it at a time',
    gateway: 'asked',
    positional: { name: 'ID', describe: 'The id it is to have (a fresh one)' },
    options: { title: { type: 'string', value: 'TEXT', describe: 'For people' }, 'metadata-json': metadata },
    examples: ['kb sessions create spring --title=Spring'],
  },
  'sessions:list': { summary: 'List sessions', gateway: 'asked', options: { kind, ...page }, examples: ['kb sessions list', 'kb sessions list --kind=session --json'] },
  'sessions:get': { summary: 'Show a session', gateway: 'asked', positional: session, options: {}, examples: ['kb sessions get spring'] },
  'sessions:submit': {
    summary: 'Ask a session for a run',
    gateway: 'asked',
    details: 'It begins when all before it have ended. The daemon, or a worker in the background, carries it on.',
    positional: session,
    options: {
      'request-file': { type: 'string', required: true, value: 'FILE', complete: 'file', describe: 'A file with { "workflow_id", "inputs", "metadata", "idempotency_key" } as JSON; - is standard input' },
    },
    examples: ['kb sessions submit spring --request-file request.json'],
  },
  'sessions:end': {
    summary: 'End a session: it takes nothing any more',
    gateway: 'asked',
    positional: session,
    options: { cancel: { type: 'boolean', describe: 'Cancel what goes on in it and what waits' } },
    examples: ['kb sessions end spring', 'kb sessions end spring --cancel'],
  },
  'runs:list': {
    summary: 'List the runs of sessions, newest first',
    gateway: 'asked',
    details: 'For all runs, also those of no session, there is workflow:list-runs.',
    options: { 'session-id': within['session-id'], ...page },
    examples: ['kb runs list', 'kb runs list --session-id=spring --json'],
  },
  'runs:get': { summary: 'Show a run of a session', gateway: 'asked', positional: run, options: {}, examples: ['kb runs get run_01J…'] },
  'runs:events': { summary: 'Show the events of a run of a session', gateway: 'asked', positional: run, options: events, examples: ['kb runs events run_01J… --json'] },
  'runs:stream': { summary: 'Follow the events of a run of a session', gateway: 'asked', details: 'Ends with the run. With --json a line for each event.', positional: run, options: {}, examples: ['kb runs stream run_01J…'] },
  'runs:cancel': { summary: 'Cancel a run of a session', gateway: 'asked', positional: run, options: { note }, examples: ['kb runs cancel run_01J… --note=later'] },
  'agents:list': { summary: 'List agents: who carries out what a session is asked for', gateway: 'asked', options: { kind, ...page }, examples: ['kb agents list --kind=sidechain'] },
  'agents:get': { summary: 'Show an agent', gateway: 'asked', positional: { name: 'ID', required: true, describe: 'The id of the agent' }, options: {}, examples: ['kb agents get agent-spring'] },
  'tasks:list': {
    summary: 'List tasks: the jobs of runs of sessions',
    gateway: 'asked',
    options: { status: { type: 'string', value: 'STATUS', choices: TASK_STATUSES, describe: 'Only those that stand so' }, ...within, ...page },
    examples: ['kb tasks list --run-id=run_01J…', 'kb tasks list --status=failed --json'],
  },
  'tasks:get': { summary: 'Show a task', gateway: 'asked', positional: task, options: {}, examples: ['kb tasks get run_01J….build'] },
  'tasks:output': {
    summary: 'Show what a task has printed',
    gateway: 'asked',
    positional: task,
    options: { limit: { type: 'integer', value: 'N', describe: 'At most so many lines (all of them; 1000 with --json)' }, cursor: { type: 'string', value: 'CURSOR', describe: 'Go on after an earlier page' } },
    examples: ['kb tasks output run_01J….build'],
  },
  'tasks:stop': { summary: 'Cancel one job of a run', gateway: 'asked', positional: task, options: { note }, examples: ['kb tasks stop run_01J….build'] },
  'approvals:list': { summary: 'List what runs of sessions ask people to approve', gateway: 'asked', options: { status: promptStatus, ...within, ...page }, examples: ['kb approvals list --status=pending', 'kb approvals list --run-id=run_01J… --json'] },
  'approvals:allow': { summary: 'Approve what waits for it', gateway: 'asked', positional: prompt, options: { comment, subject }, examples: ['kb approvals allow run_01J….ship.ok.1 --comment=fine'] },
  'approvals:deny': { summary: 'Refuse what waits for an approval', gateway: 'asked', positional: prompt, options: { comment, subject }, examples: ['kb approvals deny run_01J….ship.ok.1 --comment=later'] },
  'questions:list': { summary: 'List what runs of sessions ask people to fill in', gateway: 'asked', options: { status: promptStatus, ...within, ...page }, examples: ['kb questions list --status=pending'] },
  'questions:answer': {
    summary: 'Answer a question',
    gateway: 'asked',
    positional: prompt,
    options: { data: { type: 'string', required: true, value: 'JSON', describe: 'The answers of its form as a JSON object' }, comment, subject },
    examples: [`kb questions answer run_01J….ship.where.1 --data='{"region":"eu"}'`],
  },
} as const satisfies Record<string, CommandSpec>;
