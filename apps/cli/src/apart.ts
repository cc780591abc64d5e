/**
 * What a run of scripts does not need when its document was checked before: reading documents, settings and manifests, their
 * schemas, the readers of scripts, the host of plugins, what decides about runs that wait and about the daemon. A program of its own, so that the other one stays small.
 */
export { approvals, approve, beginRerun, callback, daemonStart, daemonStatus, daemonStop, explain, openApprovalDesk, readPlan, reject, signal } from './control.js';
export { configSchema } from '@kb-labs/daemon/config-schema';
export { checkDocument } from '@kb-labs/engine/check-document';
export { isInstant, readSettings, workflowJsonSchema } from '@kb-labs/manifest';
export { lookUpCommand, PluginShelf, runCommand } from '@kb-labs/plugin-host/plugin-commands';
