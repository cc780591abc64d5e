/**
 * Every durable port of the engine on one SQLite file: the journals of runs, their catalog, the tickets of jobs, the logs of
 * steps, and records beside them. Several processes can use one file at once.
 */
export { makeFolder } from './make-folder.js';
export { openEmbeddedStore } from './open.js';
export type { EmbeddedStore, EmbeddedStoreOptions } from './open.js';
