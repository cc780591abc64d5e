import type { CommandSpec } from '../command-spec.js';

/** Plugins of a project, and packages of plugins. */
export const PLUGIN_COMMANDS = {
  'plugin:list': {
    summary: 'List the plugins and their commands',
    gateway: 'asked',
    details: 'Those that were added are checked against .kb/plugins.lock, and what is wrong with one stands below it.',
    options: {},
    examples: ['kb plugin:list'],
  },
  'plugin:add': {
    summary: 'Let a package run as a plugin of this project',
    details:
      'Shows what the plugin asks for, and once that is agreed to keeps its version, its integrity and what was granted in .kb/plugins.lock. A package that is not ' +
      'installed is installed for development by the package manager of the project, without running scripts. A plugin that changed is refused until it is added again.',
    positional: { name: 'PACKAGE', required: true, describe: 'A name, with @RANGE if need be, or a folder such as ./vendor/plugin' },
    options: {
      trust: { type: 'boolean', describe: 'Let its code run inside the engine: fast, and held back by nothing' },
      yes: { type: 'boolean', describe: 'Agree without being asked' },
    },
    examples: ['kb plugin:add @acme/greet-plugin', 'kb plugin:add @acme/greet-plugin@^1.2 --yes', 'kb plugin:add ./vendor/greet --trust'],
  },
  'plugin:remove': {
    summary: 'Stop a package from running as a plugin of this project',
    positional: { name: 'PLUGIN', required: true, describe: 'Its name' },
    options: { uninstall: { type: 'boolean', describe: 'Uninstall the package as well' } },
    examples: ['kb plugin:remove @acme/greet-plugin', 'kb plugin:remove @acme/greet-plugin --uninstall'],
  },
  'plugin:new': {
    summary: 'Write a first plugin in TypeScript, with a test',
    gateway: 'none',
    positional: { name: 'NAME', required: true, describe: 'The name of its package, such as @acme/text-plugin' },
    options: { dir: { type: 'string', value: 'DIR', complete: 'folder', describe: 'The folder to make (the last part of the name)' } },
    examples: ['kb plugin:new @acme/text-plugin', 'kb plugin:new text --dir=plugins/text'],
  },
  'plugin:validate': {
    summary: 'Check the package of a plugin as its author',
    gateway: 'none',
    details: 'Loads its code in a process of its own, unless it is a package that was added without --trust.',
    positional: { name: 'PLUGIN', complete: 'folder', describe: 'A folder (the current one), or the name of a plugin of this project' },
    options: {},
    examples: ['kb plugin:validate', 'kb plugin:validate plugins/text'],
  },
} as const satisfies Record<string, CommandSpec>;
