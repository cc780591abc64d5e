import { RUN_STATUSES, TRIGGER_TYPES } from '@kb-labs/contracts';

import type { CommandSpec } from '../command-spec.js';
import { page, run } from './options.js';

const workflow = { type: 'string', required: true, value: 'ID', complete: 'workflow', describe: 'The workflow' } as const;
const step = { type: 'string', required: true, value: 'STEP', describe: 'The step that waits: its id, or JOB/STEP where several jobs have one' } as const;
const decider = { type: 'string', value: 'NAME', describe: 'Who decides (the name of your account)' } as const;
const comment = { type: 'string', value: 'TEXT', describe: 'Why, kept with the run' } as const;
const payload = { type: 'string', value: 'JSON', describe: 'What goes along, any JSON value: an object becomes the outputs of the step ({})' } as const;
const since = { type: 'string', value: 'TIME', describe: 'Only from then on: an ISO 8601 time, or an age such as 30m or 2h' } as const;
const inputs = {
  input: { type: 'string', value: 'JSON', describe: 'The inputs as a JSON object' },
  'input-file': { type: 'string', value: 'FILE', complete: 'file', describe: 'A file with the inputs as a JSON object; - is standard input' },
  field: { type: 'string', short: 'f', multiple: true, value: 'KEY=VALUE', describe: 'One input, read by its declared type; wins over the other two' },
} as const;

/** What works on documents and runs. */
export const WORKFLOW_COMMANDS = {
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
      trigger: { type: 'string', value: 'TYPE', choices: TRIGGER_TYPES, describe: 'Only runs that were started by it' },
      branch: { type: 'string', value: 'BRANCH', describe: 'Only runs on this branch' },
      actor: { type: 'string', value: 'NAME', describe: 'Only runs that were started by this person or program' },
      since,
      until: { type: 'string', value: 'TIME', describe: 'Only until then: an ISO 8601 time, or an age such as 30m or 2h' },
      ...page,
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
    options: page,
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
} as const satisfies Record<string, CommandSpec>;
