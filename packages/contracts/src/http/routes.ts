import * as z from 'zod/mini';

import { LIMITS } from '../limits.js';
import { ACCESS_ROUTES } from './access-routes.js';
import { explanationSchema } from './explain-schemas.js';
import { FLOW_ROUTES } from './flow-routes.js';
import { logLineSchema, logPageSchema, runEventSchema } from './follow-schemas.js';
import { PLAYBOOK_ROUTES } from './playbook-routes.js';
import type { RouteSpec } from './route-spec.js';
import { artifactSchema, runDocumentSchema, runSchema, runStatusSchema, runSummarySchema, triggerTypeSchema } from './run-schemas.js';
import { instant, json, jsonObject, pageOf, wholeNumber } from './schema-of.js';
import { SESSION_ROUTES } from './session-routes.js';
import { TRIGGER_ROUTES } from './trigger-routes.js';
import { installedPluginSchema, pendingApprovalSchema, validateBodySchema, validationSchema, workflowDetailSchema, workflowListSchema } from './workflow-schemas.js';

const RUNS = '/api/v1/workflows/runs';
const FOLLOWED_PAGE = 'Followed, every event is the first page as it is then: at once, and after every change to it, one in half a second at most; it does not end by itself.';
const runPage = pageOf(runSummarySchema);
const approvalPage = pageOf(pendingApprovalSchema);
const text = z.string();
const ofRun = z.strictObject({ id: text });
const key = text.check(z.minLength(1), z.maxLength(LIMITS.idempotencyKeyLength));
const paged = { cursor: z.exactOptional(text), limit: z.exactOptional(wholeNumber(1, 200)) };
const following = { after: z.exactOptional(text), limit: z.exactOptional(wholeNumber(1, 1_000)) };
/** Seconds. */
const waiting = z.strictObject({ wait: z.exactOptional(wholeNumber(0, LIMITS.requestWaitMs / 1_000)) });
const WAIT = `\`wait\`: answered once the run has ended, or after so many seconds as it is then; ${String(LIMITS.requestWaitMs / 1_000)} at most.`;
const choice = z.strictObject({ job: text, step: z.exactOptional(text), why: text });
const health = z.strictObject({ status: z.literal('alive') });
const readiness = z.strictObject({ status: z.literal('ready'), checks: z.record(z.string(), text) });

/**
 * Everything that is answered over HTTP. Validation, access, the description for programs (OpenAPI), the page for people and
 * the client are made from these rows. Rows that stand earlier go first where two paths fit.
 */
export const ROUTES = {
  startRun: {
    method: 'POST',
    path: RUNS,
    tag: 'runs',
    summary: 'Start a run',
    description: `The same idempotency key with the same workflow and input answers the run it made before, for at least a day. It can be sent as a header instead. ${WAIT}`,
    access: 'run',
    query: waiting,
    body: z.strictObject({ workflowId: text.check(z.minLength(1), z.maxLength(256)), input: z.exactOptional(jsonObject), idempotencyKey: z.exactOptional(key) }),
    recorded: ['workflowId', 'idempotencyKey'],
    idempotent: true,
    answers: [
      { status: 201, body: runSchema, when: 'the run is accepted: it is durable and its first jobs are queued' },
      { status: 200, body: runSchema, when: 'the key was used before: the run it made' },
    ],
  },
  listRuns: {
    method: 'GET',
    path: RUNS,
    tag: 'runs',
    summary: 'List or follow runs, newest first',
    description:
      `\`since\`: created at or after; \`until\`: created before; \`q\`: a text in the id of the run or its workflow, in the actor or the branch, in capitals or not. With \`trigger\`, \`branch\`, \`actor\` or \`q\` one page looks through ${String(LIMITS.runsLookedThrough)} runs at most: it can be short, or empty, and go on with \`nextCursor\` all the same. ${FOLLOWED_PAGE}`,
    access: 'read',
    query: z.strictObject({
      workflowId: z.exactOptional(text),
      status: z.exactOptional(runStatusSchema),
      trigger: z.exactOptional(triggerTypeSchema),
      branch: z.exactOptional(text),
      actor: z.exactOptional(text),
      since: z.exactOptional(instant),
      until: z.exactOptional(instant),
      q: z.exactOptional(text.check(z.maxLength(LIMITS.searchLength))),
      ...paged,
    }),
    answers: [{ status: 200, body: runPage }],
    stream: runPage,
  },
  getRun: {
    method: 'GET',
    path: `${RUNS}/:id`,
    tag: 'runs',
    summary: 'Show a run',
    description: WAIT,
    access: 'read',
    params: ofRun,
    query: waiting,
    answers: [{ status: 200, body: runSchema }],
  },
  cancelRun: {
    method: 'POST',
    path: `${RUNS}/:id/cancel`,
    tag: 'runs',
    summary: 'Cancel a run',
    description: 'Steps that run are stopped by their worker; asked again, those that clean up are stopped too.',
    access: 'run',
    params: ofRun,
    body: z.strictObject({ note: z.exactOptional(text.check(z.maxLength(1_024))) }),
    recorded: ['note'],
    answers: [{ status: 200, body: runSchema }],
  },
  rerunRun: {
    method: 'POST',
    path: `${RUNS}/:id/rerun`,
    tag: 'runs',
    summary: 'Run a run again',
    description: '`all`: everything; `failed`: what did not succeed and what comes after it; `from`: one step (`from`, as `<step>` or `<job>/<step>`) and what comes after it. Results of the earlier run stand where nothing they depend on has changed.',
    access: 'run',
    params: ofRun,
    body: z.strictObject({ mode: z.exactOptional(z.enum(['all', 'failed', 'from'])), from: z.exactOptional(text.check(z.minLength(1), z.maxLength(256))), idempotencyKey: z.exactOptional(key) }),
    recorded: ['mode', 'from', 'idempotencyKey'],
    idempotent: true,
    answers: [
      { status: 201, body: z.strictObject({ runId: text, rerunOf: text, keeps: z.array(choice), again: z.array(choice) }), when: 'the new run is accepted' },
      { status: 200, body: z.strictObject({ runId: text, rerunOf: text, keeps: z.array(choice), again: z.array(choice) }), when: 'the key was used before: the run it made' },
    ],
  },
  explainRun: {
    method: 'GET',
    path: `${RUNS}/:id/explain`,
    tag: 'runs',
    summary: 'Explain why each part of a run is where it is',
    access: 'read',
    params: ofRun,
    answers: [{ status: 200, body: explanationSchema }],
  },
  getRunDocument: {
    method: 'GET',
    path: `${RUNS}/:id/document`,
    tag: 'runs',
    summary: 'Show the document that a run was started from',
    description: 'Whatever has become of the file since. A run that was run again has the document of the first.',
    access: 'read',
    params: ofRun,
    answers: [{ status: 200, body: runDocumentSchema }],
  },
  runEvents: {
    method: 'GET',
    path: `${RUNS}/:id/events`,
    tag: 'runs',
    summary: 'Read or follow the events of a run',
    description: 'Pages go on with `after`, the number of the last event. Followed, it ends with the run.',
    access: 'read',
    params: ofRun,
    query: z.strictObject(following),
    answers: [{ status: 200, body: pageOf(runEventSchema) }],
    stream: runEventSchema,
  },
  runLogs: {
    method: 'GET',
    path: `${RUNS}/:id/logs`,
    tag: 'runs',
    summary: 'Read or follow the log of a run',
    description:
      'Pages go on with `after`, the `nextCursor` of the page before; one is shorter than its limit where lines are long. `cursor` stands behind the last line: what comes after it is followed from there. Followed, it ends with the run.',
    access: 'read',
    params: ofRun,
    query: z.strictObject({ job: z.exactOptional(text), step: z.exactOptional(text), since: z.exactOptional(instant), after: z.exactOptional(text), limit: z.exactOptional(wholeNumber(1, 5_000)) }),
    answers: [{ status: 200, body: logPageSchema }],
    stream: logLineSchema,
  },
  listArtifacts: {
    method: 'GET',
    path: `${RUNS}/:id/artifacts`,
    tag: 'runs',
    summary: 'List the artifacts of a run',
    access: 'read',
    params: ofRun,
    answers: [{ status: 200, body: pageOf(artifactSchema) }],
  },
  getArtifact: {
    method: 'GET',
    path: `${RUNS}/:id/artifacts/:name`,
    tag: 'runs',
    summary: 'Download an artifact',
    description: 'By its name, or `<job>/<step>/<name>` where several steps stored one of the same name. A `/` is written `%2F`. Its `ETag` is its digest; one range of bytes can be asked for (206, or 416 where there are none).',
    access: 'read',
    params: z.strictObject({ id: text, name: text }),
    answers: [{ status: 200, body: 'binary' }],
  },
  decideApproval: {
    method: 'POST',
    path: `${RUNS}/:id/steps/:stepId/approval`,
    tag: 'approvals',
    summary: 'Approve or reject a step that waits for it',
    description: 'The step is `<step>`, or `<job>%2F<step>` where several jobs have one. `subject` is the digest of what was seen: when that has changed, the decision is refused.',
    access: 'approve',
    params: z.strictObject({ id: text, stepId: text }),
    body: z.strictObject({
      decision: z.enum(['approved', 'rejected']),
      comment: z.exactOptional(text.check(z.maxLength(4_096))),
      data: z.exactOptional(jsonObject),
      subject: z.exactOptional(text),
    }),
    recorded: ['decision', 'comment', 'subject'],
    answers: [{ status: 200, body: runSchema }],
  },
  listApprovals: {
    method: 'GET',
    path: '/api/v1/approvals',
    tag: 'approvals',
    summary: 'List or follow what waits for a decision, the oldest first',
    description: FOLLOWED_PAGE,
    access: 'read',
    query: z.strictObject(paged),
    answers: [{ status: 200, body: approvalPage }],
    stream: approvalPage,
  },
  sendSignal: {
    method: 'POST',
    path: '/api/v1/signals/:name',
    tag: 'signals',
    summary: 'Send a signal to every step that waits for it',
    description: 'The body is the payload. With `runId`, only steps of that run hear it.',
    access: 'run',
    params: z.strictObject({ name: text }),
    query: z.strictObject({ runId: z.exactOptional(text) }),
    body: json,
    answers: [{ status: 200, body: z.strictObject({ name: text, resumed: z.array(z.strictObject({ runId: text, job: text, step: text })) }) }],
  },
  callBack: {
    method: 'POST',
    path: '/api/v1/callbacks/:token',
    tag: 'signals',
    summary: 'Call a run back',
    description: 'The body is the payload. Knowing the address is the permission to use it.',
    access: 'proof',
    params: z.strictObject({ token: text }),
    body: json,
    answers: [{ status: 200, body: z.strictObject({ runId: text }) }],
  },
  listWorkflows: {
    method: 'GET',
    path: '/api/v1/workflows',
    tag: 'workflows',
    summary: 'List the workflows of the project',
    description: 'What is wrong with documents stands beside them: one that is too broken to be a workflow is there alone.',
    access: 'read',
    answers: [{ status: 200, body: workflowListSchema }],
  },
  validateWorkflows: {
    method: 'POST',
    path: '/api/v1/workflows/validate',
    tag: 'workflows',
    summary: 'Check documents, or those of the project',
    access: 'read',
    body: validateBodySchema,
    answers: [{ status: 200, body: validationSchema }],
  },
  getWorkflow: {
    method: 'GET',
    path: '/api/v1/workflows/:id',
    tag: 'workflows',
    summary: 'Show a workflow',
    description: 'With its document, what is wrong with it, what starts it and the next times of its schedules.',
    access: 'read',
    params: ofRun,
    answers: [{ status: 200, body: workflowDetailSchema }],
  },
  listPlugins: {
    method: 'GET',
    path: '/api/v1/plugins',
    tag: 'plugins',
    summary: 'List the plugins of the project',
    description: 'Their commands with schemas and the permissions they declare; of those that were added, what was granted and the digest of what was agreed to, and what is wrong when they are not that any more.',
    access: 'read',
    answers: [{ status: 200, body: pageOf(installedPluginSchema) }],
  },
  ...TRIGGER_ROUTES,
  ...ACCESS_ROUTES,
  ...PLAYBOOK_ROUTES,
  ...FLOW_ROUTES,
  ...SESSION_ROUTES,
  health: {
    method: 'GET',
    path: '/healthz',
    tag: 'operation',
    summary: 'Answer while the process lives',
    access: 'public',
    answers: [{ status: 200, body: health }],
  },
  readiness: {
    method: 'GET',
    path: '/readyz',
    tag: 'operation',
    summary: 'Answer 200 while work can be done, else 503 with what is wrong',
    access: 'public',
    answers: [{ status: 200, body: readiness }],
  },
  metrics: {
    method: 'GET',
    path: '/metrics',
    tag: 'operation',
    summary: 'Metrics for Prometheus',
    access: 'read',
    answers: [{ status: 200, body: { text: 'text/plain' } }],
  },
  openApi: {
    method: 'GET',
    path: '/openapi.json',
    tag: 'operation',
    summary: 'This description for programs (OpenAPI 3.1)',
    access: 'public',
    answers: [{ status: 200, body: jsonObject }],
  },
  docs: {
    method: 'GET',
    path: '/docs',
    tag: 'operation',
    summary: 'This description for people',
    access: 'public',
    answers: [{ status: 200, body: { text: 'text/html' } }],
  },
} as const satisfies Readonly<Record<string, RouteSpec>>;

export type RouteName = keyof typeof ROUTES;
export const ROUTE_NAMES = Object.keys(ROUTES) as RouteName[];
