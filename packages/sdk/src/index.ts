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
  JsonObject,
  JsonValue,
  LlmAnswer,
  LlmEmbeddings,
  LlmMessage,
  LlmRequest,
  LlmUsage,
  PluginArtifact,
  PluginArtifacts,
  PluginConnect,
  PluginConnection,
  PluginContext,
  PluginExec,
  PluginFiles,
  PluginLlm,
  PluginLog,
  PluginRun,
  PluginSecrets,
  PluginStorage,
} from '@kb-labs/contracts';
