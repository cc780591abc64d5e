/** The build step of a plugin: from its definition to the `kb.plugin.json` that the engine reads instead of its code. */
export { toManifest } from './to-manifest.js';
export { writeManifest } from './write-manifest.js';
