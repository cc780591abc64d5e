/**
 * What adding, removing and checking plugins needs beside a host: the lock of a project, the integrity of a package, what permissions
 * say in words, and what this machine can keep steps apart by.
 */
export { canSandbox } from './confine/can-sandbox.js';
export { findContainerProgram } from './confine/container-program.js';
export { findProblem } from './plugins/check-values.js';
export { readAdded } from './plugins/added-plugins.js';
export { findPackage } from './plugins/find-package.js';
export { isInRange } from './plugins/is-in-range.js';
export { diffPermissions, grantsOf, permissionTerms } from './plugins/permission-terms.js';
export { changePluginsLock, readPluginsLock } from './plugins/plugins-lock.js';
export { readPluginFolder } from './plugins/read-plugin.js';
export type { LoadedPlugin, PluginFolder } from './plugins/read-plugin.js';
export { sealPackage } from './plugins/seal-package.js';
