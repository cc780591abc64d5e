/**
 * Builds the engine for a project: its settings are read once, and the adapters are chosen by them. Nothing here knows
 * what a workflow does. The command line and services that embed the engine build it through the same functions. What
 * starts a daemon has a door of its own, `@kb-labs/daemon/run-daemon`: few need it, and it loads a web server.
 */
export { isBaseUrl } from './base-url.js';
export { composeEngine, composeOffline } from './compose.js';
export type { ComposeOptions, Composition, OfflineComposition, OfflineDeps } from './compose.js';
export { MAX_CONCURRENCY, SETTING_KEYS } from './config.js';
export type { Config, SettingKey, SettingOrigin } from './config.js';
export { findDaemon, isDaemonRunning } from './daemon-file.js';
export type { DaemonRecord, RunningDaemon } from './daemon-file.js';
export { DAEMON_ROLES } from './daemon-roles.js';
export type { DaemonRole } from './daemon-roles.js';
export { LOG_LEVELS } from './line-logger.js';
export type { EngineLogLevel } from './line-logger.js';
export { loadConfig } from './load-config.js';
export type { LoadConfig } from './load-config.js';
export { readLoopbackKey } from './loopback-key.js';
export { shownUrl } from './redis-url.js';
export { projectSecrets } from './secrets/project-secrets.js';
export { makeStateFolder } from './state-folder.js';
