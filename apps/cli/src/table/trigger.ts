import type { CommandSpec } from '../command-spec.js';
import { page } from './options.js';

/** Schedules and webhooks. */
export const TRIGGER_COMMANDS = {
  'schedule:list': {
    summary: 'List schedules, or show one with its next times',
    positional: { name: 'SCHEDULE', describe: 'The id of a schedule, or of the workflow that has it' },
    options: {},
    examples: ['kb schedule:list', 'kb schedule:list nightly', 'kb schedule:list --json'],
  },
  'schedule:pause': {
    summary: 'Let no more times of a schedule start runs',
    positional: { name: 'SCHEDULE', required: true, describe: 'The id of a schedule, or of the workflow that has it' },
    options: {},
    examples: ['kb schedule:pause nightly'],
  },
  'schedule:resume': {
    summary: 'Go on with a schedule that was paused',
    details: 'Times that passed meanwhile were missed, and are made up for as the "catchup" of the schedule says.',
    positional: { name: 'SCHEDULE', required: true, describe: 'The id of a schedule, or of the workflow that has it' },
    options: {},
    examples: ['kb schedule:resume nightly'],
  },
  'schedule:trigger': {
    summary: 'Start the run of a schedule now, paused or not',
    details: 'The daemon or a worker in the background carries the run on.',
    positional: { name: 'SCHEDULE', required: true, describe: 'The id of a schedule, or of the workflow that has it' },
    options: {},
    examples: ['kb schedule:trigger nightly'],
  },
  'webhook:list': {
    summary: 'List accepted deliveries of webhooks, newest first',
    options: page,
    examples: ['kb webhook:list', 'kb webhook:list --limit=100 --json'],
  },
  'webhook:replay': {
    summary: 'Carry a delivery out again, with new runs',
    details: 'As the documents are now. The daemon or a worker in the background carries the runs on.',
    positional: { name: 'DELIVERY', required: true, describe: 'The id of the delivery, as webhook:list shows it' },
    options: {},
    examples: ['kb webhook:replay 0mk2v9x1a3f9c2d4e1'],
  },
} as const satisfies Record<string, CommandSpec>;
