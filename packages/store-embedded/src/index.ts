/**
 * Every durable port of the engine on one SQLite file: the journals of runs, their catalog, the tickets of jobs and
 * the logs of steps. Several processes can use one file at once.
 */
export { openEmbeddedStore } from './open.js';
export type { EmbeddedStore, EmbeddedStoreOptions } from './open.js';
