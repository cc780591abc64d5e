import type { CommandSpec } from '../command-spec.js';
import { run } from './options.js';

/** What is about this program itself. */
export const PROGRAM_COMMANDS = {
  doctor: {
    summary: 'Check this machine and this project',
    gateway: 'none',
    details: 'Every line is ok, warn or fail, with what to do. Exits with 1 when one fails.',
    options: {},
    examples: ['kb doctor'],
  },
  completion: {
    summary: 'Print the completion script of a shell',
    gateway: 'none',
    positional: { name: 'SHELL', required: true, choices: ['bash', 'zsh', 'fish'], complete: ['bash', 'zsh', 'fish'], describe: 'The shell' },
    options: {},
    examples: ['kb completion bash > ~/.local/share/bash-completion/completions/kb', 'source <(kb completion zsh)'],
  },
  help: {
    summary: 'Show all commands, or one',
    gateway: 'none',
    positional: { name: 'COMMAND', complete: 'command', describe: 'The command' },
    options: {},
    examples: ['kb help workflow:run'],
  },
  version: {
    summary: 'Show the version',
    gateway: 'none',
    options: {},
    examples: ['kb version'],
  },
  __complete: {
    summary: 'Answer what could stand at the end of a command line',
    gateway: 'asked',
    positional: { name: 'WORD', multiple: true, describe: 'The words typed so far' },
    options: {},
    examples: [],
    hidden: true,
  },
  __work: {
    summary: 'Carry a run on in the background',
    gateway: 'none',
    options: { 'run-id': { ...run, multiple: true } },
    examples: [],
    hidden: true,
  },
  __pushes: {
    summary: 'Start what commits start that the hooks of git have noted',
    options: {},
    examples: [],
    hidden: true,
  },
} as const satisfies Record<string, CommandSpec>;
