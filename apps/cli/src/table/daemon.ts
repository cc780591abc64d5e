import { LOG_LEVELS } from '@kb-labs/daemon';

import type { CommandSpec } from '../command-spec.js';

const listens = {
  host: { type: 'string', value: 'ADDRESS', describe: 'Where the gateway listens; one that others can reach needs a key with the role admin and gateway.allowed-hosts (127.0.0.1)' },
  port: { type: 'integer', value: 'N', describe: 'Its port; 0 takes any free one (4000)' },
} as const;

/** What goes on in the background, and what is looked at in a browser. */
export const DAEMON_COMMANDS = {
  'daemon:start': {
    summary: 'Carry runs on until told to stop',
    gateway: 'none',
    details:
      'Stays in the foreground and logs to standard output, a JSON object a line. What was open goes on; workflow:run and others leave their runs to it. ' +
      'SIGTERM and Ctrl-C let the steps that run come to their end and hand the rest back, a second one ends it at once.',
    options: {
      ...listens,
      roles: { type: 'string', value: 'LIST', describe: 'What it does, separated by commas (gateway,worker,scheduler)' },
      concurrency: { type: 'integer', value: 'N', describe: 'Jobs at once (the setting of the project)' },
      'drain-timeout': { type: 'number', value: 'S', describe: 'Seconds that steps may go on once it was told to stop (30)' },
      'log-level': { type: 'string', value: 'LEVEL', choices: LOG_LEVELS, describe: 'How much it logs (the setting of the project, or info)' },
    },
    examples: ['kb daemon:start', 'kb daemon:start --roles=worker --concurrency=16', 'kb daemon:start --port=4100 --drain-timeout=120'],
  },
  'daemon:status': {
    summary: 'Show the daemon of the project, and what it has to do',
    gateway: 'none',
    details: 'Exits with 3 when none runs on this machine.',
    options: {},
    examples: ['kb daemon:status', 'kb daemon:status --json'],
  },
  'daemon:stop': {
    summary: 'Stop the daemon of the project and wait until it is gone',
    gateway: 'none',
    options: { timeout: { type: 'number', value: 'S', describe: 'Seconds to wait (60)' } },
    examples: ['kb daemon:stop'],
  },
  studio: {
    summary: 'Open Studio in a browser',
    gateway: 'asked',
    details:
      'Prints an address that opens it without a key, once and within a minute, and shows it in the browser of this terminal: that of BROWSER, or of the system. ' +
      'Where no daemon runs one is started here as by daemon:start, until Ctrl-C.',
    options: {
      'no-open': { type: 'boolean', describe: 'Only print the address' },
      ...listens,
    },
    examples: ['kb studio', 'kb studio --no-open', 'kb studio --port=0'],
  },
} as const satisfies Record<string, CommandSpec>;
