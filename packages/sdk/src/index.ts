/**
 * What a plugin author sees. A handler that imports this loads nothing else: schemas are built in `plugin.ts`, which
 * runs when the plugin is built (`@kb-labs/sdk/build`), and tests use `@kb-labs/sdk/testing`.
 */
export { defineCommand, definePlugin } from './define-plugin.js';
export type { CommandDefinition, CommandHandler, PluginDefinition } from './define-plugin.js';
export { FatalError, RetryAfterError } from './failures.js';
export type { FailureOptions } from './failures.js';
export type {
  ArtifactHandle,
  ExecOptions,
  ExecResult,
  FileStat,
  PluginArtifact,
  PluginArtifacts,
  PluginContext,
  PluginExec,
  PluginFiles,
  PluginLog,
  PluginRun,
  PluginSecrets,
} from '@kb-labs/contracts';
