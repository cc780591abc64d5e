import type { ControlName } from '@kb-labs/contracts';

const TIME = '"500ms", "30s", "10m", "2h", or a number of seconds.';
const PERMISSIONS = {
  '': 'What code may touch: an allow-list. What is not named is denied.',
  '.shell': 'Start programs: true, or the names of the programs allowed. "run" steps need it.',
  '.network': 'Host names that may be reached; "*.example.com" covers every sub-domain.',
  '.fs': 'Files of the workspace.',
  '.fs.read': 'Globs, relative to the workspace, that may be read.',
  '.fs.write': 'Globs, relative to the workspace, that may be written.',
  '.env': "Names of the engine's environment variables the code may see.",
};
const RETRY = {
  '': 'Tries after a failure.',
  '.max': 'How many tries may follow the first one.',
  '.backoff': 'How the wait grows: doubling, by the same amount, or not at all. Default exponential.',
  '.initial': `The first wait. Default 1s. ${TIME}`,
  '.cap': 'The longest wait. Default 1m.',
  '.jitter': 'Waits a random share of the time, so that many do not come back at once. Default true.',
  '.on': 'Retries only these error codes.',
};

const CONCURRENCY = {
  '': 'A group in which one goes on at a time; the others wait in the order they came. A text is the group alone.',
  '.group': 'The name of the group: text, or text with expressions.',
  '.cancel-in-progress': 'Whether a new one cancels those that came before. Default false.',
  '.queue': '"all": everything waits for its turn. "latest": a new one cancels those that wait. Default all.',
};
const STRATEGY = {
  '': 'Runs the job once for each combination of values.',
  '.matrix': 'The values, by the name of their axis: "matrix.<axis>" reads the one of a combination. Or one expression that gives such a mapping.',
  '.matrix.include': 'Combinations with more values, or further combinations.',
  '.matrix.exclude': 'Combinations to leave out.',
  '.fail-fast': 'Whether a combination that fails cancels the others. Default true.',
  '.max-parallel': 'How many combinations run at a time. Left out: all.',
};
const ARTIFACTS = {
  '': 'What the job hands on and takes from others, by name. A name stands for the artifact and all below it: "dist" for "dist/app.js".',
  '.produce': 'What the job must have stored when it ends well.',
  '.consume': 'What the job gets from jobs it needs, below $KB_ARTIFACTS.',
  '.merge': 'Makes what the job produces out of the artifacts of others.',
  '.merge.strategy': 'Puts texts after each other, takes the last, or joins mappings and lists of JSON.',
  '.merge.from': 'Where to take them from, in this order.',
  '.merge.from.[].run': 'The id of another run. Left out: this one.',
  '.merge.from.[].job': 'The job that stored them. Left out: all jobs.',
};
const PUSH = {
  '': 'Starts when commits come to a branch or tag, by the hook of git or the webhook of the repository. {}: for every push.',
  '.branches': 'Patterns of branches to listen to; "!" before one takes out. The last that fits decides.',
  '.branches-ignore': 'Patterns of branches not to listen to.',
  '.tags': 'Patterns of tags to listen to; "!" before one takes out.',
  '.tags-ignore': 'Patterns of tags not to listen to.',
  '.paths': 'Patterns of files, of which the push must touch one; "!" before one takes out. Not looked at for tags.',
  '.paths-ignore': 'Patterns of files: a push that touches no others does not start it.',
};
const SCHEDULE = {
  '': 'Times to start at.',
  '.[].cron': 'Minute, hour, day of month, month, day of week: "0 9 * * 1-5".',
  '.[].timezone': 'The zone of these times: a name of the IANA database. Default UTC.',
  '.[].catchup': 'Which of the times that passed while no daemon ran are made up for. Default last.',
  '.[].overlap': 'What a time does that comes while a run of this schedule goes on: nothing, wait for its end, or start beside it. Default skip.',
};
const WEBHOOK = {
  '': 'Starts when another service sends something. Only signed requests count.',
  '.source': 'Who sends, and so how it signs. Its address is /api/v1/webhooks/<source>.',
  '.events': 'What to listen to: "event", "event.action", "event.*" or "*". Left out: everything.',
  '.secret': 'The name of the secret the sender signs with; several while one is replaced.',
  '.signature-header': 'The header with the HMAC-SHA256 of the body, in hex or Base64.',
  '.signature-prefix': 'What stands before the signature in its header: "sha256=".',
  '.event-header': 'The header that names the event.',
  '.delivery-header': 'The header with an id that is the same when a request is sent again.',
};
const STEP = {
  '.id': 'The name expressions use: steps.<id>.',
  '.name': 'A name for people.',
  '.uses': 'What the step does: a plugin command "@scope/package/group:command" (or with a version range "@scope/package@^1.2/group:command"), another workflow "workflow://<id>", or "builtin:approval", "builtin:gate", "builtin:sleep", "builtin:wait".',
  '.with': 'The inputs of the command or workflow.',
  '.run': 'A script. Needs the shell permission.',
  '.shell': 'What runs the script.',
  '.working-directory': 'The folder the script starts in, relative to the workspace.',
  '.if': 'The step runs only if this expression is true. Default success().',
  '.env': 'Environment variables of the step.',
  '.secrets': 'Names of the secrets the step can have, out of those of the job. Left out: all of them.',
  '.timeout': `The time the step may take. ${TIME}`,
  ...under('.retry', RETRY),
  '.continue-on-error': 'Whether the job goes on as if the step had succeeded when it fails.',
  '.on-interrupt': 'What happens when the worker ends during the step: try again or fail. Default retry.',
  '.wait': 'Of a step that uses a workflow: whether it waits for the end of that run. Default true.',
  '.phase': 'The phase the step belongs to: a key of "phases". For display.',
  '.outputs': 'Replaces the outputs of the step: expressions over what it returned, "result".',
  '.artifacts': 'Values and files to keep, by name.',
  '.artifacts.*.type': 'How the artifact is shown.',
  '.artifacts.*.source': 'What to keep: "outputs.<name>" or "file:<path in the workspace>".',
  '.artifacts.*.label': 'A name for people.',
};

/** What every key of a workflow is for, by its path: `*` is any key, `[]` any item. */
export const DESCRIPTIONS: Readonly<Record<string, string>> = {
  '': 'A workflow: a graph of jobs, each an ordered list of steps.',
  id: 'The name commands use. Unique in the project.',
  name: 'A name for people.',
  version: 'The version of this document, as text.',
  description: 'What the workflow is for.',
  on: 'What starts the workflow. Left out: started by hand.',
  'on.manual': 'Whether it can be started by hand. Default true.',
  ...under('on.push', PUSH),
  ...under('on.schedule', SCHEDULE),
  ...under('on.webhook', WEBHOOK),
  ...under('on.webhook.[]', WEBHOOK),
  'on.workflow': 'Starts when another workflow has ended.',
  'on.workflow.ids': 'The workflows whose end counts.',
  'on.workflow.on': 'How they must have ended. Left out: success.',
  inputs: 'Values a run is started with, by name.',
  'inputs.*.type': 'What the value is.',
  'inputs.*.description': 'Shown when the value is asked for.',
  'inputs.*.required': 'Whether a run must be given the value.',
  'inputs.*.default': 'The value when none is given.',
  'inputs.*.options': 'The values to choose from.',
  'inputs.*.schema': 'A JSON Schema the value must satisfy.',
  outputs: 'What a run gives, by name: expressions over jobs.<job>.outputs.',
  env: 'Environment variables of every step.',
  secrets: 'Names of the secrets that steps can have. Scripts get each in a variable of its name; "env" and "with" read secrets.<name>.',
  ...under('permissions', PERMISSIONS),
  timeout: `The time a run may take, waits included. Left out: as long as its jobs take. ${TIME}`,
  ...under('concurrency', CONCURRENCY),
  phases: 'Parts of the work that steps name, in order. For display.',
  'phases.*.label': 'A name for people. Left out: the key.',
  defaults: 'Settings for every job and step that does not say otherwise.',
  'defaults.timeout': `The time a job may take. Default 1h. ${TIME}`,
  ...under('defaults.retry', RETRY),
  'defaults.run': 'Settings of "run" steps.',
  'defaults.run.shell': 'What runs the scripts. Default bash.',
  'defaults.run.working-directory': 'The folder scripts start in, relative to the workspace.',
  jobs: 'The jobs, by id. They run in parallel unless "needs" orders them.',
  'jobs.*.name': 'A name for people.',
  'jobs.*.needs': 'Jobs that must end before this one starts.',
  'jobs.*.if': 'The job runs only if this expression is true. Default success().',
  'jobs.*.timeout': `The time the job may take. ${TIME}`,
  ...under('jobs.*.retry', RETRY),
  'jobs.*.continue-on-error': 'Whether the run goes on as if the job had succeeded when it fails.',
  'jobs.*.env': 'Environment variables of every step of the job.',
  'jobs.*.secrets': 'Names of the secrets the job can have, out of those of the workflow. Left out: all of them.',
  ...under('jobs.*.permissions', PERMISSIONS),
  'jobs.*.outputs': 'Values for other jobs, by name: expressions over steps.<id>.outputs.',
  'jobs.*.steps': 'The steps, in order.',
  ...under('jobs.*.steps.[]', STEP),
  ...under('jobs.*.strategy', STRATEGY),
  ...under('jobs.*.concurrency', CONCURRENCY),
  'jobs.*.priority': 'Which of the jobs that are due is handed to a worker first. Default normal.',
  ...under('jobs.*.artifacts', ARTIFACTS),
  'jobs.*.hooks': 'Steps around those of the job.',
  'jobs.*.hooks.pre': 'Steps before those of the job. When one fails, those of the job are skipped.',
  ...under('jobs.*.hooks.pre.[]', STEP),
  'jobs.*.hooks.on-success': 'Steps after those of the job when all went well.',
  ...under('jobs.*.hooks.on-success.[]', STEP),
  'jobs.*.hooks.on-failure': 'Steps after those of the job when one failed.',
  ...under('jobs.*.hooks.on-failure.[]', STEP),
  'jobs.*.hooks.post': 'Steps at the end, whatever happened, also when the run is cancelled.',
  ...under('jobs.*.hooks.post.[]', STEP),
};

function under(path: string, descriptions: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(descriptions).map(([key, description]) => [`${path}${key}`, description]));
}

/** What the keys in "with" of the engine's own steps are for. */
export const CONTROL_DESCRIPTIONS: { readonly [Name in ControlName]: Readonly<Record<string, string>> } = {
  approval: {
    title: 'What is to be approved, in one line.',
    instructions: 'What whoever decides should look at.',
    context: 'Values to show. An approval is for these values alone.',
    approvers: 'Who may decide. Left out: anybody.',
    expires: `How long there is to decide. Left out: as long as it takes. ${TIME}`,
    form: 'Questions to answer with an approval: a JSON Schema of "type: object". The answers are outputs of the step.',
    'prevent-self-approval': 'Whether the one who started the run may not approve. Default false.',
  },
  gate: {
    decision: 'The value that decides.',
    routes: 'What follows for each value: "continue", "fail", or the step to restart from.',
    default: 'What follows for any other value. Left out: the step fails.',
    'max-iterations': 'How often the steps up to the gate run at most. Default 3.',
  },
  sleep: {
    for: `How long to wait. ${TIME}`,
    until: 'The instant to wait for: "2030-01-31T09:00:00Z".',
  },
  wait: {
    signal: 'The name of the signal to wait for.',
    callback: 'Waits until something calls the address in run.callbackUrl.',
    timeout: `How long to wait before the step fails. Left out: as long as it takes. ${TIME}`,
  },
};
