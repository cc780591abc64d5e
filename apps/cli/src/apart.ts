/**
 * What a run of scripts does not need when its document was checked before: reading documents, settings and manifests, their
 * schemas, the readers of scripts, the host of plugins, what decides about runs that wait, about schedules, deliveries, the daemon, keys, secrets and the audit log. A program of its own, so that the other one stays small.
 */
export { approvals, approve, auditList, auditVerify, authCreateKey, authListKeys, authRevokeKey, callback, checkTargets, daemonStart, daemonStatus, daemonStop, directAccess, directDecisions, explain, openApprovalDesk, pluginAdd, pluginNew, pluginRemove, pluginValidate, pushes, readPlan, reject, scheduleList, schedulePause, scheduleResume, scheduleTrigger, secretList, secretRemove, secretSet, signal, webhookList, webhookReplay } from './control.js';
export { configSchema } from '@kb-labs/daemon/config-schema';
export { checkDocument } from '@kb-labs/engine/check-document';
export { diffValues, isInstant, mayBecome, playbookDigest, readPlaybook, readSettings, workflowJsonSchema } from '@kb-labs/manifest';
export { lookUpCommand, placedScript, PluginShelf, runCommand, Targets } from '@kb-labs/plugin-host/plugin-commands';
