/** Finding and running the commands of plugins: loaded when the first plugin is asked for, and not by a run of scripts. */
export { lookUpCommand } from './plugins/look-up-command.js';
export { PluginShelf } from './plugins/plugin-shelf.js';
export { runCommand } from './plugins/run-command.js';
export { placedScript } from './targets/placed-script.js';
export { Targets } from './targets/open-targets.js';
