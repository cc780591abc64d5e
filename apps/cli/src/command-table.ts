import { ROLES, RUN_STATUSES } from '@kb-labs/contracts';
import { LOG_LEVELS } from '@kb-labs/daemon';

import type { CommandSpec, OptionSpec } from './command-spec.js';
import { COORDINATION_COMMANDS } from './coordination-table.js';

/** Accepted by every command, before or after its name. */
export const GLOBAL_OPTIONS = {
  project: {
    type: 'string',
    value: 'DIR',
    complete: 'folder',
    describe: 'The project, in place of the nearest folder upwards that holds .kb',
  },
  json: { type: 'boolean', describe: 'Print JSON on standard output and nothing else' },
  help: { type: 'boolean', short: 'h', describe: 'Show this help' },
} as const satisfies Record<string, OptionSpec>;

const run = { type: 'string', required: true, value: 'ID', complete: 'run', describe: 'The run' } as const;
const workflow = { type: 'string', required: true, value: 'ID', complete: 'workflow', describe: 'The workflow' } as const;
const step = { type: 'string', required: true, value: 'STEP', describe: 'The step that waits: its id, or JOB/STEP where several jobs have one' } as const;
const decider = { type: 'string', value: 'NAME', describe: 'Who decides (the name of your account)' } as const;
const comment = { type: 'string', value: 'TEXT', describe: 'Why, kept with the run' } as const;
const payload = { type: 'string', value: 'JSON', describe: 'What goes along, any JSON value: an object becomes the outputs of the step ({})' } as const;
const since = { type: 'string', value: 'TIME', describe: 'Only from then on: an ISO 8601 time, or an age such as 30m or 2h' } as const;
const page = {
  limit: { type: 'integer', value: 'N', describe: 'At most so many (20)' },
  cursor: { type: 'string', value: 'CURSOR', describe: 'Go on after an earlier page' },
} as const;
const inputs = {
  input: { type: 'string', value: 'JSON', describe: 'The inputs as a JSON object' },
  'input-file': { type: 'string', value: 'FILE', complete: 'file', describe: 'A file with the inputs as a JSON object; - is standard input' },
  field: { type: 'string', short: 'f', multiple: true, value: 'KEY=VALUE', describe: 'One input, read by its declared type; wins over the other two' },
} as const;

/** Every command of this program: parsing, help and completion are made from this table. */
export const COMMANDS = {
  'workflow:run': {
    summary: 'Start a workflow and follow it to its end',
    gateway: 'asked',
    details:
      'The command is the worker of the run it starts, unless a daemon runs for the project. Ctrl-C cancels the run, after a question in a terminal. ' +
      'When the command is killed the run stays as it is: "kb workflow:resume" carries it on.',
    options: {
      'workflow-id': workflow,
      ...inputs,
      detach: { type: 'boolean', describe: 'Return once the run has started; the daemon or a worker in the background carries it on' },
      'dry-run': { type: 'boolean', describe: 'Check everything and show the plan; start nothing' },
      'idempotency-key': { type: 'string', value: 'KEY', describe: 'Start at most one run for this key' },
    },
    examples: [
      'kb workflow:run --workflow-id=hello',
      `kb workflow:run --workflow-id=ai-review --input='{"base":"main"}'`,
      'kb workflow:run --workflow-id=ai-review -f base=main --detach',
    ],
  },
  'workflow:list-runs': {
    summary: 'List runs, newest first',
    gateway: 'asked',
    options: {
      'workflow-id': { type: 'string', value: 'ID', complete: 'workflow', describe: 'Only runs of this workflow' },
      status: { type: 'string', value: 'STATUS', choices: RUN_STATUSES, describe: 'Only runs in this state' },
      since,
      limit: { type: 'integer', value: 'N', describe: 'At most so many (20)' },
      cursor: { type: 'string', value: 'CURSOR', describe: 'Go on after an earlier page' },
    },
    examples: ['kb workflow:list-runs --workflow-id=ai-review', 'kb workflow:list-runs --status=failed --since=2h --json'],
  },
  'workflow:logs': {
    summary: 'Show the log of a run',
    gateway: 'asked',
    options: {
      'run-id': run,
      follow: { type: 'boolean', describe: 'Go on until the run ends' },
      job: { type: 'string', value: 'JOB', describe: 'Only this job' },
      step: { type: 'string', value: 'STEP', describe: 'Only steps with this id' },
      since,
      limit: { type: 'integer', value: 'N', describe: 'At most so many lines (all of them; 1000 with --json)' },
      cursor: { type: 'integer', value: 'CURSOR', describe: 'Go on after an earlier page' },
    },
    examples: ['kb workflow:logs --run-id=run_01J… --follow', 'kb workflow:logs --run-id=run_01J… --job=review --step=diff'],
  },
  'workflow:cancel': {
    summary: 'Cancel a run and wait until it has ended',
    gateway: 'asked',
    options: {
      'run-id': run,
      note: { type: 'string', value: 'TEXT', describe: 'Why, kept with the run' },
    },
    examples: ['kb workflow:cancel --run-id=run_01J…'],
  },
  'workflow:status': {
    summary: 'Show where a run stands',
    gateway: 'asked',
    options: { 'run-id': run },
    examples: ['kb workflow:status --run-id=run_01J…'],
  },
  'workflow:watch': {
    summary: 'Follow a run to its end',
    gateway: 'asked',
    details:
      'A run that nobody carries on is carried on by this command, and it says so. Ctrl-C stops watching and leaves the run as it is.',
    options: { 'run-id': run },
    examples: ['kb workflow:watch --run-id=run_01J…'],
  },
  'workflow:resume': {
    summary: 'Carry on a run whose worker is gone',
    details: 'Finished steps are not run again. Ctrl-C cancels the run, after a question in a terminal.',
    options: {
      'run-id': run,
      detach: { type: 'boolean', describe: 'Return at once; the daemon or a worker in the background carries the run on' },
    },
    examples: ['kb workflow:resume --run-id=run_01J…'],
  },
  'workflow:rerun': {
    summary: 'Run again what was run before',
    gateway: 'asked',
    details:
      'Starts a new run with the plan, inputs and environment of the earlier one, says what is kept of it and what runs again, and follows it like workflow:run. ' +
      'Everything runs again unless --failed or --from says otherwise. A result is kept only while nothing it came from has changed.',
    options: {
      'run-id': run,
      failed: { type: 'boolean', describe: 'Only what did not succeed, and what comes after it' },
      from: { type: 'string', value: 'STEP', describe: 'From this step on: its id, or JOB/STEP where several jobs have one' },
      detach: { type: 'boolean', describe: 'Return once the run has started; the daemon or a worker in the background carries it on' },
    },
    examples: ['kb workflow:rerun --run-id=run_01J…', 'kb workflow:rerun --run-id=run_01J… --failed', 'kb workflow:rerun --run-id=run_01J… --from=deploy/upload --detach'],
  },
  'workflow:explain': {
    summary: 'Explain why each part of a run is where it is',
    gateway: 'asked',
    details: 'For everything that waits, was skipped, failed or was tried again: the rule, the values that decided, and what is missing for it to go on.',
    options: {
      'run-id': run,
      job: { type: 'string', value: 'JOB', describe: 'Only this job' },
    },
    examples: ['kb workflow:explain --run-id=run_01J…', 'kb workflow:explain --run-id=run_01J… --job=deploy'],
  },
  'workflow:approvals': {
    summary: 'List what waits for a decision',
    gateway: 'asked',
    options: {
      limit: { type: 'integer', value: 'N', describe: 'At most so many (20)' },
      cursor: { type: 'string', value: 'CURSOR', describe: 'Go on after an earlier page' },
    },
    examples: ['kb workflow:approvals', 'kb workflow:approvals --json'],
  },
  'workflow:approve': {
    summary: 'Approve what a run waits for',
    gateway: 'asked',
    options: {
      'run-id': run,
      'step-id': step,
      comment,
      data: { type: 'string', value: 'JSON', describe: 'The answers of the form as a JSON object' },
      as: decider,
    },
    examples: ['kb workflow:approve --run-id=run_01J… --step-id=ship', `kb workflow:approve --run-id=run_01J… --step-id=deploy/ship --data='{"region":"eu"}'`],
  },
  'workflow:reject': {
    summary: 'Reject what a run waits to have approved',
    gateway: 'asked',
    options: { 'run-id': run, 'step-id': step, comment, as: decider },
    examples: ['kb workflow:reject --run-id=run_01J… --step-id=ship --comment=later'],
  },
  'workflow:signal': {
    summary: 'Send a signal to the steps that wait for it',
    gateway: 'asked',
    positional: { name: 'NAME', required: true, describe: 'The name of the signal' },
    options: {
      data: payload,
      'run-id': { type: 'string', value: 'ID', complete: 'run', describe: 'Only to the steps of this run' },
    },
    examples: ['kb workflow:signal published', `kb workflow:signal published --data='{"version":"1.2.0"}'`],
  },
  'workflow:callback': {
    summary: 'Call a run back by its address',
    gateway: 'asked',
    details: 'What POST to the address does, for where nothing listens to it.',
    positional: { name: 'ADDRESS', required: true, describe: 'The address, or the last part of it' },
    options: { data: payload },
    examples: [`kb workflow:callback http://127.0.0.1:4000/api/v1/callbacks/run_01J….x7Kd --data='{"ok":true}'`],
  },
  'workflow:artifacts': {
    summary: 'List the artifacts of a run, or fetch one',
    gateway: 'asked',
    options: {
      'run-id': run,
      download: { type: 'string', value: 'NAME', describe: 'Write this artifact to a file' },
      output: { type: 'string', value: 'FILE', complete: 'file', describe: 'Where to write it (its name, here); - is standard output' },
    },
    examples: ['kb workflow:artifacts --run-id=run_01J…', 'kb workflow:artifacts --run-id=run_01J… --download=review.md --output=-'],
  },
  'workflow:list': {
    summary: 'List the workflows of the project',
    gateway: 'asked',
    options: {},
    examples: ['kb workflow:list'],
  },
  'workflow:show': {
    summary: 'Show the inputs, jobs and steps of a workflow',
    gateway: 'asked',
    options: { 'workflow-id': workflow },
    examples: ['kb workflow:show --workflow-id=ai-review'],
  },
  'workflow:validate': {
    summary: 'Check workflow documents',
    gateway: 'asked',
    positional: { name: 'FILE', multiple: true, complete: 'file', describe: 'The documents to check; all of the project when none is named' },
    options: {},
    examples: ['kb workflow:validate', 'kb workflow:validate .kb/workflows/hello.yml --json'],
  },
  'workflow:plan': {
    summary: 'Show what a run would do, with every default filled in',
    options: { 'workflow-id': workflow, ...inputs },
    examples: ['kb workflow:plan --workflow-id=ai-review -f base=main'],
  },
  'workflow:schema': {
    summary: 'Print the JSON Schema of workflow documents, for editors',
    gateway: 'none',
    options: {},
    examples: ['kb workflow:schema > .kb/workflow.schema.json'],
  },
  'workflow:new': {
    summary: 'Write a first workflow document',
    gateway: 'none',
    positional: { name: 'ID', required: true, describe: 'The id of the new workflow' },
    options: {
      template: {
        type: 'string',
        value: 'NAME',
        choices: ['script', 'review', 'approval'],
        describe: 'script: two jobs with shell steps (the default); review: review the changes of a branch; approval: build, ask somebody, deploy',
      },
    },
    examples: ['kb workflow:new nightly', 'kb workflow:new ai-review --template=review'],
  },
  'plugin:list': {
    summary: 'List the plugins and their commands',
    gateway: 'asked',
    details: 'Those that were added are checked against .kb/plugins.lock, and what is wrong with one stands below it.',
    options: {},
    examples: ['kb plugin:list'],
  },
  'plugin:add': {
    summary: 'Let a package run as a plugin of this project',
    details:
      'Shows what the plugin asks for, and once that is agreed to keeps its version, its integrity and what was granted in .kb/plugins.lock. A package that is not ' +
      'installed is installed for development by the package manager of the project, without running scripts. A plugin that changed is refused until it is added again.',
    positional: { name: 'PACKAGE', required: true, describe: 'A name, with @RANGE if need be, or a folder such as ./vendor/plugin' },
    options: {
      trust: { type: 'boolean', describe: 'Let its code run inside the engine: fast, and held back by nothing' },
      yes: { type: 'boolean', describe: 'Agree without being asked' },
    },
    examples: ['kb plugin:add @acme/greet-plugin', 'kb plugin:add @acme/greet-plugin@^1.2 --yes', 'kb plugin:add ./vendor/greet --trust'],
  },
  'plugin:remove': {
    summary: 'Stop a package from running as a plugin of this project',
    positional: { name: 'PLUGIN', required: true, describe: 'Its name' },
    options: { uninstall: { type: 'boolean', describe: 'Uninstall the package as well' } },
    examples: ['kb plugin:remove @acme/greet-plugin', 'kb plugin:remove @acme/greet-plugin --uninstall'],
  },
  'plugin:new': {
    summary: 'Write a first plugin in TypeScript, with a test',
    gateway: 'none',
    positional: { name: 'NAME', required: true, describe: 'The name of its package, such as @acme/text-plugin' },
    options: { dir: { type: 'string', value: 'DIR', complete: 'folder', describe: 'The folder to make (the last part of the name)' } },
    examples: ['kb plugin:new @acme/text-plugin', 'kb plugin:new text --dir=plugins/text'],
  },
  'plugin:validate': {
    summary: 'Check the package of a plugin as its author',
    gateway: 'none',
    details: 'Loads its code in a process of its own, unless it is a package that was added without --trust.',
    positional: { name: 'PLUGIN', complete: 'folder', describe: 'A folder (the current one), or the name of a plugin of this project' },
    options: {},
    examples: ['kb plugin:validate', 'kb plugin:validate plugins/text'],
  },
  'daemon:start': {
    summary: 'Carry runs on until told to stop',
    gateway: 'none',
    details:
      'Stays in the foreground and logs to standard output, a JSON object a line. What was open goes on; workflow:run and others leave their runs to it. ' +
      'SIGTERM and Ctrl-C let the steps that run come to their end and hand the rest back, a second one ends it at once.',
    options: {
      host: { type: 'string', value: 'ADDRESS', describe: 'Where the gateway listens; one that others can reach needs a key with the role admin and gateway.allowed-hosts (127.0.0.1)' },
      port: { type: 'integer', value: 'N', describe: 'Its port; 0 takes any free one (4000)' },
      roles: { type: 'string', value: 'LIST', describe: 'What it does, separated by commas (gateway,worker,scheduler)' },
      concurrency: { type: 'integer', value: 'N', describe: 'Jobs at once (the setting of the project)' },
      'drain-timeout': { type: 'number', value: 'S', describe: 'Seconds that steps may go on once it was told to stop (30)' },
      'log-level': { type: 'string', value: 'LEVEL', choices: LOG_LEVELS, describe: 'How much it logs (the setting of the project, or info)' },
    },
    examples: ['kb daemon:start', 'kb daemon:start --roles=worker --concurrency=16', 'kb daemon:start --port=4100 --drain-timeout=120'],
  },
  'daemon:status': {
    summary: 'Show the daemon of the project, and what it has to do',
    gateway: 'none',
    details: 'Exits with 3 when none runs on this machine.',
    options: {},
    examples: ['kb daemon:status', 'kb daemon:status --json'],
  },
  'daemon:stop': {
    summary: 'Stop the daemon of the project and wait until it is gone',
    gateway: 'none',
    options: { timeout: { type: 'number', value: 'S', describe: 'Seconds to wait (60)' } },
    examples: ['kb daemon:stop'],
  },
  'schedule:list': {
    summary: 'List schedules, or show one with its next times',
    positional: { name: 'SCHEDULE', describe: 'The id of a schedule, or of the workflow that has it' },
    options: {},
    examples: ['kb schedule:list', 'kb schedule:list nightly', 'kb schedule:list --json'],
  },
  'schedule:pause': {
    summary: 'Let no more times of a schedule start runs',
    positional: { name: 'SCHEDULE', required: true, describe: 'The id of a schedule, or of the workflow that has it' },
    options: {},
    examples: ['kb schedule:pause nightly'],
  },
  'schedule:resume': {
    summary: 'Go on with a schedule that was paused',
    details: 'Times that passed meanwhile were missed, and are made up for as the "catchup" of the schedule says.',
    positional: { name: 'SCHEDULE', required: true, describe: 'The id of a schedule, or of the workflow that has it' },
    options: {},
    examples: ['kb schedule:resume nightly'],
  },
  'schedule:trigger': {
    summary: 'Start the run of a schedule now, paused or not',
    details: 'The daemon or a worker in the background carries the run on.',
    positional: { name: 'SCHEDULE', required: true, describe: 'The id of a schedule, or of the workflow that has it' },
    options: {},
    examples: ['kb schedule:trigger nightly'],
  },
  'webhook:list': {
    summary: 'List accepted deliveries of webhooks, newest first',
    options: { ...page },
    examples: ['kb webhook:list', 'kb webhook:list --limit=100 --json'],
  },
  'webhook:replay': {
    summary: 'Carry a delivery out again, with new runs',
    details: 'As the documents are now. The daemon or a worker in the background carries the runs on.',
    positional: { name: 'DELIVERY', required: true, describe: 'The id of the delivery, as webhook:list shows it' },
    options: {},
    examples: ['kb webhook:replay 0mk2v9x1a3f9c2d4e1'],
  },
  ...COORDINATION_COMMANDS,
  'auth:create-key': {
    summary: 'Make a key for the gateway',
    gateway: 'asked',
    details: 'The key is printed once and kept nowhere. Roles: viewer reads; runner also starts and cancels runs; author also changes what is started by itself; approver reads and decides approvals; admin does everything in its tenant.',
    options: {
      role: { type: 'string', required: true, value: 'ROLE', choices: ROLES, complete: ROLES, describe: 'What the key may do' },
      name: { type: 'string', value: 'NAME', describe: 'Who or what uses it: signs runs and answers (the name of your account)' },
      tenant: { type: 'string', value: 'TENANT', describe: 'On whose account it works (default)' },
      expires: { type: 'string', value: 'AGE', describe: 'How long it is good for, such as 90d or 12h (for ever)' },
    },
    examples: ['kb auth:create-key --role=runner --name=ci --expires=90d', 'kb auth:create-key --role=admin --tenant=acme --json'],
  },
  'auth:list-keys': {
    summary: 'List the keys of a tenant, newest first',
    gateway: 'asked',
    options: { tenant: { type: 'string', value: 'TENANT', describe: 'Whose (default)' }, ...page },
    examples: ['kb auth:list-keys', 'kb auth:list-keys --tenant=acme --json'],
  },
  'auth:revoke-key': {
    summary: 'Take a key back for ever',
    gateway: 'asked',
    details: 'Gateways refuse it within 5 seconds, and so the sessions of browsers that were opened with it.',
    positional: { name: 'KEY', required: true, describe: 'The id of the key, as auth:list-keys shows it' },
    options: {},
    examples: ['kb auth:revoke-key 0mk2v9x1a3f9c2d4e1'],
  },
  'secret:set': {
    summary: 'Keep a secret for the workflows of this project',
    details:
      'Reads the value from standard input, without the line end behind it, or asks for it without showing it: never from the command line, where others could see it. It is kept encrypted in .kb/secrets.enc, with a key in a file of your account or in KB_SECRETS_KEY. ' +
      'KB_SECRET_<NAME> in the environment goes before it.',
    positional: { name: 'NAME', required: true, describe: 'The name that "secrets" of a workflow lists' },
    options: {},
    examples: ['kb secret:set SLACK_WEBHOOK'],
  },
  'secret:list': {
    summary: 'List the secrets that are there, by name',
    options: {},
    examples: ['kb secret:list', 'kb secret:list --json'],
  },
  'secret:remove': {
    summary: 'Remove a secret that is kept for this project',
    positional: { name: 'NAME', required: true, describe: 'The name of the secret' },
    options: {},
    examples: ['kb secret:remove SLACK_WEBHOOK'],
  },
  'audit:list': {
    summary: 'List what was done and refused, newest first',
    gateway: 'asked',
    options: { tenant: { type: 'string', value: 'TENANT', describe: 'Only of this tenant' }, ...page },
    examples: ['kb audit:list', 'kb audit:list --tenant=acme --limit=100 --json'],
  },
  'audit:verify': {
    summary: 'Check that the audit log was not changed',
    details: 'Every row carries a hash of itself and of the row before. Exits with 1 when one is missing, altered, moved or put in. A log that was written anew from end to end is told from the real one only by --expect.',
    options: { expect: { type: 'string', value: 'ROW:HASH', describe: 'A row as this command has printed it before, noted elsewhere' } },
    examples: ['kb audit:verify', 'kb audit:verify --expect=1204:sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08'],
  },
  doctor: {
    summary: 'Check this machine and this project',
    gateway: 'none',
    details: 'Every line is ok, warn or fail, with what to do. Exits with 1 when one fails.',
    options: {},
    examples: ['kb doctor'],
  },
  completion: {
    summary: 'Print the completion script of a shell',
    gateway: 'none',
    positional: { name: 'SHELL', required: true, choices: ['bash', 'zsh', 'fish'], complete: ['bash', 'zsh', 'fish'], describe: 'The shell' },
    options: {},
    examples: ['kb completion bash > ~/.local/share/bash-completion/completions/kb', 'source <(kb completion zsh)'],
  },
  help: {
    summary: 'Show all commands, or one',
    gateway: 'none',
    positional: { name: 'COMMAND', complete: 'command', describe: 'The command' },
    options: {},
    examples: ['kb help workflow:run'],
  },
  version: {
    summary: 'Show the version',
    gateway: 'none',
    options: {},
    examples: ['kb version'],
  },
  __complete: {
    summary: 'Answer what could stand at the end of a command line',
    gateway: 'asked',
    positional: { name: 'WORD', multiple: true, describe: 'The words typed so far' },
    options: {},
    examples: [],
    hidden: true,
  },
  __work: {
    summary: 'Carry a run on in the background',
    gateway: 'none',
    options: { 'run-id': { ...run, multiple: true } },
    examples: [],
    hidden: true,
  },
  __pushes: {
    summary: 'Start what commits start that the hooks of git have noted',
    options: {},
    examples: [],
    hidden: true,
  },
} as const satisfies Record<string, CommandSpec>;

export type CommandId = keyof typeof COMMANDS;
export type SpecOf<Id extends CommandId> = (typeof COMMANDS)[Id];

export function isCommandId(id: string): id is CommandId {
  return Object.hasOwn(COMMANDS, id);
}

/** The table without its exact types, for what treats all commands alike. */
export function specOf(id: CommandId): CommandSpec {
  return COMMANDS[id];
}

/** What stands before the colon. */
export function groups(): string[] {
  return [...new Set(visibleCommands().flatMap((id) => (id.includes(':') ? [id.slice(0, id.indexOf(':'))] : [])))];
}

export function visibleCommands(): CommandId[] {
  return (Object.keys(COMMANDS) as CommandId[]).filter((id) => specOf(id).hidden !== true);
}
