/**
 * What a run of scripts does not need when its document was checked before: reading documents, settings and manifests, their
 * schemas, the readers of scripts, the host of plugins, the file of secrets, and all commands that neither start a run nor look at one. A
 * program of its own, so that the other one stays small.
 */
export { COMMANDS, isCommandId, specOf, visibleCommands } from './command-table.js';
export { directAccess, directDecisions, HANDLERS, openApprovalDesk, printCommandHelp, printOverview, printPlan, readPlan, showWorkflow, validateWorkflows } from './control.js';
export { configSchema } from '@kb-labs/daemon/config-schema';
export { changeSecretFile, openSecret, readSecretFile } from '@kb-labs/daemon/secret-file';
export { checkDocument } from '@kb-labs/engine/check-document';
export { diffValues, isInstant, mayBecome, playbookDigest, readPlaybook, readSettings, workflowJsonSchema } from '@kb-labs/manifest';
export { lookUpCommand, placedScript, PluginShelf, runCommand, Targets } from '@kb-labs/plugin-host/plugin-commands';
