/**
 * What a run of scripts does not need when its document was checked before: reading documents, settings and manifests, their
 * schemas, the readers of scripts, the host of plugins. A program of its own, so that the other one stays small.
 */
export { configSchema } from '@kb-labs/daemon/config-schema';
export { checkDocument } from '@kb-labs/engine/check-document';
export { readSettings, workflowJsonSchema } from '@kb-labs/manifest';
export { lookUpCommand, PluginShelf, runCommand } from '@kb-labs/plugin-host/plugin-commands';
