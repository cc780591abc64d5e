/**
 * Builds the engine for a project: its settings are read once, and the adapters are chosen by them. Nothing here knows
 * what a workflow does. The command line and services that embed the engine build it through the same functions.
 */
export { composeEmbedded, composeOffline } from './compose.js';
export type { ComposeOptions, Composition, OfflineComposition, OfflineDeps } from './compose.js';
export { SETTING_KEYS } from './config.js';
export type { Config, SettingKey, SettingOrigin } from './config.js';
export { loadConfig } from './load-config.js';
export type { LoadConfig } from './load-config.js';
