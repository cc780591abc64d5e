import { createRootRoute, createRoute, createRouter, lazyRouteComponent, Navigate } from '@tanstack/react-router';

import { Empty } from '../parts/empty.js';
import { Pending } from '../parts/pending.js';
import { Problem } from '../parts/problem.js';
import { BASE_PATH } from './place.js';
import { parseSearch, stringifySearch } from './search-text.js';
import { readFlowSearch, readPlaybookSearch, readRunSearch, readRunsSearch, readWorkflowSearch } from './searches.js';
import { Shell } from './shell.js';

const rootRoute = createRootRoute({ component: Shell, notFoundComponent: () => <Empty title="There is no such page">The address leads nowhere. Go on from the list at the left.</Empty> });

const index = createRoute({ getParentRoute: () => rootRoute, path: '/', component: () => <Navigate to="/runs" replace /> });
const runs = createRoute({ getParentRoute: () => rootRoute, path: '/runs', validateSearch: readRunsSearch, component: lazyRouteComponent(() => import('../runs/runs-page.js'), 'RunsPage') });
const run = createRoute({ getParentRoute: () => rootRoute, path: '/runs/$id', validateSearch: readRunSearch, component: lazyRouteComponent(() => import('../run/run-page.js'), 'RunPage') });
const workflows = createRoute({ getParentRoute: () => rootRoute, path: '/workflows', component: lazyRouteComponent(() => import('../workflows/workflows-page.js'), 'WorkflowsPage') });
const workflow = createRoute({ getParentRoute: () => rootRoute, path: '/workflows/$id', validateSearch: readWorkflowSearch, component: lazyRouteComponent(() => import('../workflows/workflow-page.js'), 'WorkflowPage') });
const schedules = createRoute({ getParentRoute: () => rootRoute, path: '/schedules', component: lazyRouteComponent(() => import('../schedules/schedules-page.js'), 'SchedulesPage') });
const approvals = createRoute({ getParentRoute: () => rootRoute, path: '/approvals', component: lazyRouteComponent(() => import('../approvals/approvals-page.js'), 'ApprovalsPage') });
const playbooks = createRoute({ getParentRoute: () => rootRoute, path: '/playbooks', component: lazyRouteComponent(() => import('../playbooks/playbooks-page.js'), 'PlaybooksPage') });
const playbook = createRoute({ getParentRoute: () => rootRoute, path: '/playbooks/$id', validateSearch: readPlaybookSearch, component: lazyRouteComponent(() => import('../playbooks/playbook-page.js'), 'PlaybookPage') });
const flows = createRoute({ getParentRoute: () => rootRoute, path: '/flows', component: lazyRouteComponent(() => import('../flows/flows-page.js'), 'FlowsPage') });
const flow = createRoute({ getParentRoute: () => rootRoute, path: '/flows/$id', validateSearch: readFlowSearch, component: lazyRouteComponent(() => import('../flows/flow-page.js'), 'FlowPage') });
const sessions = createRoute({ getParentRoute: () => rootRoute, path: '/sessions', component: lazyRouteComponent(() => import('../sessions/sessions-page.js'), 'SessionsPage') });
const session = createRoute({ getParentRoute: () => rootRoute, path: '/sessions/$id', component: lazyRouteComponent(() => import('../sessions/session-page.js'), 'SessionPage') });
const plugins = createRoute({ getParentRoute: () => rootRoute, path: '/plugins', component: lazyRouteComponent(() => import('../plugins/plugins-page.js'), 'PluginsPage') });
const deliveries = createRoute({ getParentRoute: () => rootRoute, path: '/deliveries', component: lazyRouteComponent(() => import('../deliveries/deliveries-page.js'), 'DeliveriesPage') });
const settings = createRoute({ getParentRoute: () => rootRoute, path: '/settings', component: lazyRouteComponent(() => import('../settings/settings-page.js'), 'SettingsPage') });

export const router = createRouter({
  routeTree: rootRoute.addChildren([index, runs, run, workflows, workflow, schedules, approvals, playbooks, playbook, flows, flow, sessions, session, plugins, deliveries, settings]),
  basepath: BASE_PATH,
  defaultPendingComponent: Pending,
  defaultErrorComponent: ({ error, reset }) => <Problem thrown={error} retry={reset} />,
  defaultPreload: 'intent',
  scrollRestoration: true,
  parseSearch,
  stringifySearch,
});

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router;
  }
}
