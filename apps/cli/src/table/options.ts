import type { OptionSpec } from '../command-spec.js';

/** Accepted by every command, before or after its name. */
export const GLOBAL_OPTIONS = {
  project: {
    type: 'string',
    value: 'DIR',
    complete: 'folder',
    describe: 'The project, in place of the nearest folder upwards that holds .kb',
  },
  json: { type: 'boolean', describe: 'Print JSON on standard output and nothing else' },
  help: { type: 'boolean', short: 'h', describe: 'Show this help' },
} as const satisfies Record<string, OptionSpec>;

/** Of commands that list. */
export const page = {
  limit: { type: 'integer', value: 'N', describe: 'At most so many (20)' },
  cursor: { type: 'string', value: 'CURSOR', describe: 'Go on after an earlier page' },
} as const;

export const run = { type: 'string', required: true, value: 'ID', complete: 'run', describe: 'The run' } as const;
