import type { RouteName } from './routes.js';

export type { RouteName } from './routes.js';

/** The part of a row that a client needs, made from the table of routes by its test: the table itself brings all schemas along. */
export interface Endpoint {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  readonly path: string;
  readonly answer: 'json' | 'binary' | 'text';
  readonly stream?: true;
}

export const ENDPOINTS: { readonly [Name in RouteName]: Endpoint } = {
  startRun: { method: 'POST', path: '/api/v1/workflows/runs', answer: 'json' },
  listRuns: { method: 'GET', path: '/api/v1/workflows/runs', answer: 'json' },
  getRun: { method: 'GET', path: '/api/v1/workflows/runs/:id', answer: 'json' },
  cancelRun: { method: 'POST', path: '/api/v1/workflows/runs/:id/cancel', answer: 'json' },
  rerunRun: { method: 'POST', path: '/api/v1/workflows/runs/:id/rerun', answer: 'json' },
  explainRun: { method: 'GET', path: '/api/v1/workflows/runs/:id/explain', answer: 'json' },
  runEvents: { method: 'GET', path: '/api/v1/workflows/runs/:id/events', answer: 'json', stream: true },
  runLogs: { method: 'GET', path: '/api/v1/workflows/runs/:id/logs', answer: 'json', stream: true },
  listArtifacts: { method: 'GET', path: '/api/v1/workflows/runs/:id/artifacts', answer: 'json' },
  getArtifact: { method: 'GET', path: '/api/v1/workflows/runs/:id/artifacts/:name', answer: 'binary' },
  decideApproval: { method: 'POST', path: '/api/v1/workflows/runs/:id/steps/:stepId/approval', answer: 'json' },
  listApprovals: { method: 'GET', path: '/api/v1/approvals', answer: 'json' },
  sendSignal: { method: 'POST', path: '/api/v1/signals/:name', answer: 'json' },
  callBack: { method: 'POST', path: '/api/v1/callbacks/:token', answer: 'json' },
  listWorkflows: { method: 'GET', path: '/api/v1/workflows', answer: 'json' },
  validateWorkflows: { method: 'POST', path: '/api/v1/workflows/validate', answer: 'json' },
  getWorkflow: { method: 'GET', path: '/api/v1/workflows/:id', answer: 'json' },
  listPlugins: { method: 'GET', path: '/api/v1/plugins', answer: 'json' },
  listSchedules: { method: 'GET', path: '/api/v1/schedules', answer: 'json' },
  pauseSchedule: { method: 'POST', path: '/api/v1/schedules/:id/pause', answer: 'json' },
  resumeSchedule: { method: 'POST', path: '/api/v1/schedules/:id/resume', answer: 'json' },
  triggerSchedule: { method: 'POST', path: '/api/v1/schedules/:id/trigger', answer: 'json' },
  receiveDelivery: { method: 'POST', path: '/api/v1/webhooks/:source', answer: 'json' },
  listDeliveries: { method: 'GET', path: '/api/v1/deliveries', answer: 'json' },
  replayDelivery: { method: 'POST', path: '/api/v1/deliveries/:id/replay', answer: 'json' },
  showCaller: { method: 'GET', path: '/api/v1/auth/me', answer: 'json' },
  createLink: { method: 'POST', path: '/api/v1/auth/links', answer: 'json' },
  enterStudio: { method: 'GET', path: '/studio/enter', answer: 'text' },
  signOut: { method: 'POST', path: '/api/v1/auth/sign-out', answer: 'text' },
  listKeys: { method: 'GET', path: '/api/v1/keys', answer: 'json' },
  createKey: { method: 'POST', path: '/api/v1/keys', answer: 'json' },
  revokeKey: { method: 'POST', path: '/api/v1/keys/:id/revoke', answer: 'json' },
  listAudit: { method: 'GET', path: '/api/v1/audit', answer: 'json' },
  health: { method: 'GET', path: '/healthz', answer: 'json' },
  readiness: { method: 'GET', path: '/readyz', answer: 'json' },
  metrics: { method: 'GET', path: '/metrics', answer: 'text' },
  openApi: { method: 'GET', path: '/openapi.json', answer: 'json' },
  docs: { method: 'GET', path: '/docs', answer: 'text' },
};
