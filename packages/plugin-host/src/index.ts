/**
 * From what a step `uses` to its outcome: plugin commands in this process, with checked input and output and behind
 * permissions, and scripts as process trees of their own.
 */
export { createPluginHost } from './create-plugin-host.js';
export type { StepServices, StorageOwner } from './context/step-services.js';
export type { PluginHostOptions } from './host-options.js';
export type { ExecutionSettings, PoolSettings } from './targets/settings.js';
export type { ContainerSettings } from './confine/container-settings.js';
export { hashFiles } from './files/hash-files.js';
export { workspaceFiles } from './files/workspace-files.js';
