import type { ErrorCode } from '@kb-labs/contracts';

/** What a command of the terminal exits with. */
export const EXIT_CODES = {
  ok: 0,
  failed: 1,
  badInput: 2,
  unreachable: 3,
  notAllowed: 4,
  notFound: 5,
  conflict: 6,
  tryLater: 7,
  interrupted: 130,
} as const;

export type ExitCode = (typeof EXIT_CODES)[keyof typeof EXIT_CODES];

/**
 * One row of the register.
 * `message` may name details as `{name}`; `hint` says what to do. `retryable` tells whether the same call can succeed later.
 */
export interface RegisterRow {
  readonly message: string;
  readonly hint?: string;
  readonly status: number;
  readonly exit: ExitCode;
  readonly retryable: boolean;
}

const document = (message: string, hint?: string): RegisterRow => row(message, 422, EXIT_CODES.badInput, false, hint);
const failure = (message: string, hint?: string): RegisterRow => row(message, 500, EXIT_CODES.failed, true, hint);
const absent = (message: string, hint?: string): RegisterRow => row(message, 404, EXIT_CODES.notFound, false, hint);

function row(message: string, status: number, exit: ExitCode, retryable: boolean, hint?: string): RegisterRow {
  return { message, status, exit, retryable, ...(hint === undefined ? {} : { hint }) };
}

/** The register: every code with its message, HTTP status, exit code, whether a retry can help, and what to do. */
export const REGISTER: { readonly [Code in ErrorCode]: RegisterRow } = {
  DOCUMENT_SYNTAX: document('the document is not valid YAML or JSON'),
  DOCUMENT_TOO_LARGE: document('the document is larger than {limit} bytes', 'split it into several workflows'),
  DOCUMENT_TOO_DEEP: document('the document is nested deeper than {limit} levels'),
  DOCUMENT_ALIAS: document('anchors and aliases are not accepted', 'write the value out where it is used'),
  DOCUMENT_TAG: document('the tag {tag} is not accepted', 'remove the tag'),
  DUPLICATE_KEY: document('the key "{key}" is written twice', 'keep one of them'),
  UNKNOWN_KEY: document('unknown key "{key}"'),
  MISSING_KEY: document('the key "{key}" is missing'),
  WRONG_TYPE: document('expected {expected}, found {found}'),
  INVALID_VALUE: document('the value is not accepted: {problem}'),
  DUPLICATE_WORKFLOW: document('the workflow id "{id}" is used more than once: {other}', 'ids are unique in a project: rename one'),
  DUPLICATE_STEP: document('the step id "{id}" is used twice in this job', 'rename one of them'),
  STEP_FORM: document('a step has exactly one of "uses" and "run"'),
  USES_FORM: document('"{uses}" names nothing that can run', 'write "@scope/package/group:command", "workflow://<id>", "builtin:approval", "builtin:gate", "builtin:sleep" or "builtin:wait"'),
  UNKNOWN_COMMAND: document('the plugin {plugin} has no command "{command}"'),
  UNKNOWN_PLUGIN: document('the plugin {plugin} is not installed'),
  PLUGIN_VERSION: document('the plugin {plugin} is version {version}, the step asks for {range}'),
  WITH_INVALID: document('"with" does not fit: {problem}'),
  NEEDS_UNKNOWN: document('"needs" names the unknown job "{job}"'),
  NEEDS_CYCLE: document('jobs need each other in a circle: {cycle}', 'remove one of these needs'),
  SHELL_NOT_PERMITTED: document('a "run" step needs the shell permission', 'add "permissions: { shell: true }" to the workflow or the job'),
  SCRIPT_EXPRESSION: document('an expression cannot stand here: {problem}'),
  MATRIX_INVALID: document('the matrix is not accepted: {problem}'),
  PHASE_UNKNOWN: document('there is no phase "{phase}"', 'declare it under "phases"'),
  RESTART_UNKNOWN: document('the gate cannot go back to "{step}"', 'name a step of the same job that stands before the gate'),
  ARTIFACT_UNKNOWN: document('the artifact "{name}" is not produced by a job this one needs', 'name it in "artifacts.produce" of such a job'),
  EXPRESSION_SYNTAX: document('the expression cannot be read: {problem}'),
  EXPRESSION_TOO_LARGE: document('the expression is over a limit: {problem}'),
  EXPRESSION_REFERENCE: document('the expression refers to something unknown: {problem}'),
  EXPRESSION_FAILED: row('an expression could not be evaluated: {problem}', 422, EXIT_CODES.failed, false),

  WORKFLOW_NOT_FOUND: absent('there is no workflow "{id}"', '"kb workflow:list" shows the workflows of this project'),
  WORKFLOW_INVALID: row('the workflow "{id}" has errors', 422, EXIT_CODES.badInput, false, '"kb workflow:validate" shows them with their places'),
  WORKFLOW_NOT_MANUAL: row('the workflow "{id}" cannot be started by hand', 409, EXIT_CODES.conflict, false, 'its document says "on: { manual: false }"'),
  INPUT_INVALID: row('the inputs do not fit the workflow: {problem}', 422, EXIT_CODES.badInput, false, '"kb workflow:show" lists the inputs'),
  RUN_NOT_FOUND: absent('there is no run "{id}"', '"kb workflow:list-runs" shows the runs'),
  RUN_FINISHED: row('the run "{id}" has already ended as {status}', 409, EXIT_CODES.conflict, false),
  STEP_NOT_FOUND: absent('the run has no step "{id}"'),
  JOB_NOT_FOUND: absent('the run has no job "{id}"'),
  ARTIFACT_NOT_FOUND: absent('the run has no artifact "{name}"', '"kb workflow:artifacts" lists them'),
  NOT_WAITING: row('the step "{step}" does not wait for this', 409, EXIT_CODES.conflict, false, 'it was answered already, or it is not there yet: "kb workflow:explain" shows what the run waits for'),
  APPROVER_NOT_ALLOWED: row('{by} may not decide this: {problem}', 403, EXIT_CODES.notAllowed, false),
  APPROVAL_CHANGED: row('what is to be approved has changed since it was shown', 409, EXIT_CODES.conflict, false, 'look at it again and decide then'),
  FORM_INVALID: row('the answers do not fit the form: {problem}', 422, EXIT_CODES.badInput, false),
  SIGNAL_UNHEARD: absent('nothing waits for the signal "{name}"', '"kb workflow:list-runs --status=waiting" shows the runs that wait'),
  CALLBACK_UNKNOWN: absent('this address calls nothing back'),
  RERUN_INVALID: row('the run cannot be run again like this: {problem}', 409, EXIT_CODES.conflict, false),
  IDEMPOTENCY_CONFLICT: row('the idempotency key "{key}" was used with another request', 409, EXIT_CODES.conflict, false, 'use a new key for a new request'),
  QUEUE_FULL: row('{limit} runs are open already', 429, EXIT_CODES.tryLater, true, 'wait until some have ended'),

  STEP_FAILED: failure('the step failed: {problem}'),
  STEP_TIMEOUT: failure('the step ran longer than {limit}', 'raise its "timeout", or make it faster'),
  STEP_INTERRUPTED: failure('the worker ended, or gave the job up, while the step was running'),
  JOB_TIMEOUT: failure('the job ran longer than {limit}', 'raise its "timeout", or make it faster'),
  EXIT_CODE: failure('the script ended with exit code {exitCode}'),
  OUTPUT_INVALID: row('the outputs are not accepted: {problem}', 500, EXIT_CODES.failed, false),
  OUTPUT_TOO_LARGE: row('the outputs take {bytes} bytes, more than {limit}', 500, EXIT_CODES.failed, false, 'store large results as an artifact'),
  ARTIFACT_INVALID: row('the artifact "{name}" cannot be stored: {problem}', 500, EXIT_CODES.failed, false),
  PERMISSION_DENIED: row('denied: {act} needs the permission {permission}', 403, EXIT_CODES.notAllowed, false),
  RATE_LIMIT: row('asked to slow down', 429, EXIT_CODES.tryLater, true),
  RUN_QUARANTINED: row('the run ended its worker {times} times', 500, EXIT_CODES.failed, false, 'look at the last step that was running: it takes its worker with it'),
  RUN_TIMEOUT: row('the run took longer than {limit}', 500, EXIT_CODES.failed, false, 'raise the "timeout" of the workflow'),
  APPROVAL_REJECTED: row('{by} rejected it{comment}', 500, EXIT_CODES.failed, false),
  APPROVAL_EXPIRED: row('nobody decided within {limit}', 500, EXIT_CODES.failed, false),
  WAIT_EXPIRED: row('nothing came within {limit}', 500, EXIT_CODES.failed, false),
  GATE_FAILED: row('the gate is closed: {problem}', 500, EXIT_CODES.failed, false),
  GATE_EXHAUSTED: row('the gate sent the job back {times} times already', 500, EXIT_CODES.failed, false, 'raise "max-iterations", or make the decision reachable'),
  CHILD_FAILED: failure('the called run {runId} ended as {status}{why}'),
  CHILD_CHANGED: row('the workflow "{id}" has changed since this run began', 409, EXIT_CODES.failed, false, 'start a new run'),
  CHILD_LIMIT: row('no further run can be called: {problem}', 500, EXIT_CODES.failed, false),
  ARTIFACT_MISSING: row('the artifact "{name}" is not there: {problem}', 500, EXIT_CODES.failed, false),
  CONCURRENCY_DEADLOCK: row('the group "{group}" is held by {holder}, which waits for this', 500, EXIT_CODES.failed, false, 'use another group, or none, in the called workflow'),

  PLUGIN_INVALID: row('the plugin {plugin} cannot be used: {problem}', 422, EXIT_CODES.badInput, false),
  PLUGIN_NOT_TRUSTED: row('the plugin {plugin} is not trusted to run here', 403, EXIT_CODES.notAllowed, false),
  PLUGIN_CHANGED: row('the plugin {plugin} is not the one that was added: {problem}', 403, EXIT_CODES.notAllowed, false, 'look at what changed and accept it with "kb plugin:add {plugin}", or install what was added'),
  PLUGINS_LOCK_INVALID: row('.kb/plugins.lock cannot be used: {problem}', 422, EXIT_CODES.badInput, false, 'restore it from version control, or remove it and add the plugins again'),
  PLUGIN_NOT_ADDED: absent('the plugin {plugin} is not in .kb/plugins.lock', '"kb plugin:list" shows the plugins'),
  PACKAGE_NOT_INSTALLED: failure('{program} could not do it for {package}: {problem}'),
  TARGET_TOO_WEAK: row('a step that runs {level} is refused: this installation asks for {minimum} at least', 403, EXIT_CODES.notAllowed, false, 'leave "execution-target" out, or name a stronger one'),
  TARGET_NOT_AVAILABLE: row('{target} cannot be had on this machine: {problem}', 422, EXIT_CODES.badInput, false),
  IMAGE_NOT_AVAILABLE: failure('the image {image} cannot be had: {problem}'),
  HANDLER_DIED: failure('the process of the handler ended before the handler did: {problem}'),
  MEMORY_EXCEEDED: row('the step took more memory than the {limit} it may have', 500, EXIT_CODES.failed, false, 'give it more by "memory" of its "execution-target"'),
  QUOTA_EXCEEDED: row('the step may not do more of this: {quota} is {limit}', 403, EXIT_CODES.notAllowed, false, 'the "quotas" of the plugin and of the document say how much a step may use'),
  LLM_NOT_CONFIGURED: row('no language model is configured', 422, EXIT_CODES.badInput, false, 'set "llm" in .kb/kb.config.yaml'),
  LLM_FAILED: failure('the language model did not answer: {problem}'),
  STORAGE_NOT_AVAILABLE: row('nothing is kept here between steps', 422, EXIT_CODES.badInput, false),
  STORAGE_FULL: row('the plugin {plugin} cannot keep more: {problem}', 507, EXIT_CODES.failed, false),
  RESERVED_KEY: row('"{key}" is the engine\'s own and cannot be given: {path}', 422, EXIT_CODES.badInput, false, 'leave it out: whoever starts a flow has it written'),
  PLAYBOOK_NOT_FOUND: absent('there is no playbook {id}'),
  PLAYBOOK_CONFLICT: row('the playbook {id} has another version {version} already', 409, EXIT_CODES.conflict, false, 'a version never changes: give the changed manifest a new version'),
  PLAYBOOK_DIGEST_MISMATCH: row('version {version} of the playbook {id} has the digest {digest}', 409, EXIT_CODES.conflict, false, 'look at what there is now and name its digest'),
  PLAYBOOK_NOT_STARTABLE: row('version {version} of the playbook {id} is {state} and starts no flows', 409, EXIT_CODES.conflict, false, 'publish it as verified, canary or active, with evidence'),
  PLAYBOOK_TRANSITION: row('a version that is {from} cannot become {to}', 409, EXIT_CODES.conflict, false),
  PLAYBOOK_EVIDENCE_MISSING: row('a version is published with evidence', 422, EXIT_CODES.badInput, false, 'name at least one: { "kind": "run", "id": "run_…" }'),
  SESSION_NOT_FOUND: absent('there is no session {id}'),
  SESSION_CONFLICT: row('the session {id} is there already, and is another one', 409, EXIT_CODES.conflict, false),
  SESSION_ENDED: row('the session {id} has ended', 409, EXIT_CODES.conflict, false, 'create another one'),
  SESSION_BUSY: row('the session {id} has runs that have not ended', 409, EXIT_CODES.conflict, true),
  SESSION_FULL: row('{limit} runs wait in the session {id} already', 429, EXIT_CODES.tryLater, true),
  AGENT_NOT_FOUND: absent('there is no agent {id}'),
  TASK_NOT_FOUND: absent('there is no task {id}'),
  TASK_ENDED: row('the task {id} has ended: {status}', 409, EXIT_CODES.conflict, false),
  PROMPT_NOT_FOUND: absent('nobody was asked {id}'),
  FLOW_NOT_FOUND: absent('there is no flow {id}'),
  FLOW_CONFLICT: row('the flow {id} is there already and was started with another {field}', 409, EXIT_CODES.conflict, false, 'a retry repeats everything; for something else take another id and key'),
  FLOW_INPUT_MISSING: row('the playbook {id} requires inputs that are not given: {inputs}', 422, EXIT_CODES.badInput, false),
  FLOW_SCOPE_MISSING: row('the playbook {id} requires what is not there: {scopes}', 403, EXIT_CODES.notAllowed, false),
  FLOW_PIN_CHANGED: row('{what} is not the one that the flow started with', 409, EXIT_CODES.conflict, false, 'start another flow with what there is now'),
  EVIDENCE_NOT_IN_FLOW: row('the flow {flow} has no {kind} {id}', 422, EXIT_CODES.badInput, false),
  EVIDENCE_CONFLICT: row('the flow {flow} has other evidence {kind} {id}', 409, EXIT_CODES.conflict, false, 'evidence is only added: give it another id'),
  FLOW_EXPORT_INVALID: row('the export does not hold: {problem}', 422, EXIT_CODES.failed, false),

  SECRET_MISSING: row('the secret {name} is not there: {where}', 500, EXIT_CODES.failed, false, '"kb secret:set NAME" keeps one on this machine'),
  SECRET_UNUSABLE: row('the secret {name} cannot be used: {problem}', 500, EXIT_CODES.badInput, false),
  SECRETS_UNREADABLE: row('the kept secrets cannot be read: {problem}', 500, EXIT_CODES.unreachable, false, 'nothing was changed: put the key or the file back as it was'),
  SECRET_NOT_FOUND: absent('the secret {name} is not kept here', '"kb secret:list" shows the names'),
  SCHEDULE_NOT_FOUND: absent('there is no schedule "{id}"', '"kb schedule:list" shows the schedules'),
  WEBHOOK_UNKNOWN: absent('no deliveries are taken from "{source}"', 'github, gitlab, slack, stripe, standard-webhooks and generic send to addresses of their own'),
  WEBHOOK_REFUSED: row('the delivery is refused: {problem}', 401, EXIT_CODES.notAllowed, false, 'the secret that the sender signs with and the one that the workflow names must be the same'),
  DELIVERY_NOT_FOUND: absent('there is no delivery "{id}"', '"kb webhook:list" shows those that are kept'),

  STATE_BUSY: row('the state is in use by other processes', 503, EXIT_CODES.tryLater, true, 'try again'),
  STATE_UNAVAILABLE: row('the state cannot be reached: {problem}', 503, EXIT_CODES.unreachable, true),
  STATE_FULL: row('the state cannot grow: {problem}', 507, EXIT_CODES.unreachable, true, 'free some space'),
  STATE_SCHEMA: row('the state was written by another version: {problem}', 500, EXIT_CODES.unreachable, false, 'use the version that wrote it, or a newer one'),
  STATE_CORRUPT: row('the state is damaged: {problem}', 500, EXIT_CODES.unreachable, false),
  STATE_UNSAFE: row('the state would not be safe there: {problem}', 503, EXIT_CODES.unreachable, false),
  LEASE_LOST: row('another worker has taken this job over', 409, EXIT_CODES.conflict, false),
  APPEND_CONFLICT: row('the run changed in between', 409, EXIT_CODES.conflict, true),

  DAEMON_NOT_RUNNING: row('no daemon runs for this project: {problem}', 503, EXIT_CODES.unreachable, false, '"kb daemon:start" starts one'),
  DAEMON_STOPPING: row('the daemon has not stopped within {limit}', 503, EXIT_CODES.tryLater, true, 'it waits for the steps that run; another SIGTERM ends it at once'),
  ADDRESS_IN_USE: row('{address} is in use by another process', 409, EXIT_CODES.conflict, true, 'choose another with --port'),
  NOT_READY: row('not ready: {problem}', 503, EXIT_CODES.tryLater, true),
  HOST_NOT_ALLOWED: row('requests for the host "{host}" are not answered here', 421, EXIT_CODES.notAllowed, false, 'use the address the daemon has printed, or localhost'),
  ROUTE_UNKNOWN: absent('there is nothing at {path}'),
  METHOD_NOT_ALLOWED: row('{method} is not possible at {path}', 405, EXIT_CODES.badInput, false),
  REQUEST_INVALID: row('the request is not accepted: {problem}', 400, EXIT_CODES.badInput, false),
  BODY_TOO_LARGE: row('the body is larger than {limit} bytes', 413, EXIT_CODES.badInput, false),
  BODY_TYPE: row('the body is not of a type that is read here: {problem}', 415, EXIT_CODES.badInput, false, 'send JSON in UTF-8, as "Content-Type: application/json"'),
  FOLLOWERS_FULL: row('{limit} requests follow something already', 429, EXIT_CODES.tryLater, true),
  ARTIFACT_REMOVED: row('the bytes of the artifact "{name}" were removed at {at}', 410, EXIT_CODES.notFound, false, 'the tier of the tenant says how long they are kept'),
  GATEWAY_UNREACHABLE: row('the gateway at {url} cannot be reached: {problem}', 503, EXIT_CODES.unreachable, true),

  UNAUTHENTICATED: row('who asks is not known: {problem}', 401, EXIT_CODES.notAllowed, false, 'send a key as "Authorization: Bearer kb_…"; "kb auth:create-key" makes one'),
  FORBIDDEN: row('this is not allowed: {problem}', 403, EXIT_CODES.notAllowed, false),
  RATE_LIMITED: row('too many requests: again in {seconds} s', 429, EXIT_CODES.tryLater, true),
  EXPOSURE_UNSAFE: row('the gateway would not be safe on {host}: {problem}', 422, EXIT_CODES.notAllowed, false),
  KEY_NOT_FOUND: absent('there is no key "{id}"', '"kb auth:list-keys" shows the keys'),
  LINK_UNUSABLE: row('this link was used already, or is too old', 401, EXIT_CODES.notAllowed, false, 'ask for a new one: a link works once, within a minute'),
  AUDIT_BROKEN: row('the audit log does not hold at row {seq}: {problem}', 409, EXIT_CODES.failed, false, 'compare it with a backup; nothing behind that row can be relied on'),

  CONFIG_INVALID: row('the configuration is not accepted: {problem}', 422, EXIT_CODES.badInput, false),
  PROJECT_NOT_FOUND: absent('no project here: no folder upwards holds ".kb"', 'create one with "mkdir -p .kb/workflows", or name one with --project'),
  USAGE: row('{problem}', 400, EXIT_CODES.badInput, false, 'add --help to see how the command is used'),
  INTERRUPTED: row('interrupted', 499, EXIT_CODES.interrupted, true),
  INTERNAL: row('something broke inside the engine: {problem}', 500, EXIT_CODES.failed, false, 'this is a defect: please report it with the command you ran'),
};
