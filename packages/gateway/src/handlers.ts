import { accessHandlers } from './access/routes.js';
import { flowHandlers } from './flow-handlers.js';
import type { Handlers } from './handler.js';
import { operationHandlers } from './operation-handlers.js';
import { playbookHandlers } from './playbook-handlers.js';
import { projectHandlers } from './project-handlers.js';
import { runHandlers } from './run-handlers.js';
import { sessionHandlers } from './session-handlers.js';
import { promptHandlers, sessionRunHandlers } from './session-run-handlers.js';
import { triggerHandlers } from './trigger-handlers.js';
import { waitingHandlers } from './waiting-handlers.js';

/** What every row of the table of routes does. One that has no handler does not compile. */
export const handlers: Handlers = {
  ...runHandlers,
  ...waitingHandlers,
  ...triggerHandlers,
  ...accessHandlers,
  ...projectHandlers,
  ...operationHandlers,
  ...playbookHandlers,
  ...flowHandlers,
  ...sessionHandlers,
  ...sessionRunHandlers,
  ...promptHandlers,
};
