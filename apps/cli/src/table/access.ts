import { ROLES } from '@kb-labs/contracts';

import type { CommandSpec } from '../command-spec.js';
import { page } from './options.js';

/** Keys, secrets and the audit log. */
export const ACCESS_COMMANDS = {
  'auth:create-key': {
    summary: 'Make a key for the gateway',
    gateway: 'asked',
    details: 'The key is printed once and kept nowhere. Roles: viewer reads; runner also starts and cancels runs; author also changes what is started by itself; approver reads and decides approvals; admin does everything in its tenant.',
    options: {
      role: { type: 'string', required: true, value: 'ROLE', choices: ROLES, complete: ROLES, describe: 'What the key may do' },
      name: { type: 'string', value: 'NAME', describe: 'Who or what uses it: signs runs and answers (the name of your account)' },
      tenant: { type: 'string', value: 'TENANT', describe: 'On whose account it works (default)' },
      expires: { type: 'string', value: 'AGE', describe: 'How long it is good for, such as 90d or 12h (for ever)' },
    },
    examples: ['kb auth:create-key --role=runner --name=ci --expires=90d', 'kb auth:create-key --role=admin --tenant=acme --json'],
  },
  'auth:list-keys': {
    summary: 'List the keys of a tenant, newest first',
    gateway: 'asked',
    options: { tenant: { type: 'string', value: 'TENANT', describe: 'Whose (default)' }, ...page },
    examples: ['kb auth:list-keys', 'kb auth:list-keys --tenant=acme --json'],
  },
  'auth:revoke-key': {
    summary: 'Take a key back for ever',
    gateway: 'asked',
    details: 'Gateways refuse it within 5 seconds, and so the sessions of browsers that were opened with it.',
    positional: { name: 'KEY', required: true, describe: 'The id of the key, as auth:list-keys shows it' },
    options: {},
    examples: ['kb auth:revoke-key 0mk2v9x1a3f9c2d4e1'],
  },
  'secret:set': {
    summary: 'Keep a secret for the workflows of this project',
    details:
      'Reads the value from standard input, without the line end behind it, or asks for it without showing it: never from the command line, where others could see it. It is kept encrypted in .kb/secrets.enc, with a key in a file of your account or in KB_SECRETS_KEY. ' +
      'KB_SECRET_<NAME> in the environment goes before it.',
    positional: { name: 'NAME', required: true, describe: 'The name that "secrets" of a workflow lists' },
    options: {},
    examples: ['kb secret:set SLACK_WEBHOOK'],
  },
  'secret:list': {
    summary: 'List the secrets that are there, by name',
    options: {},
    examples: ['kb secret:list', 'kb secret:list --json'],
  },
  'secret:remove': {
    summary: 'Remove a secret that is kept for this project',
    positional: { name: 'NAME', required: true, describe: 'The name of the secret' },
    options: {},
    examples: ['kb secret:remove SLACK_WEBHOOK'],
  },
  'audit:list': {
    summary: 'List what was done and refused, newest first',
    gateway: 'asked',
    options: { tenant: { type: 'string', value: 'TENANT', describe: 'Only of this tenant' }, ...page },
    examples: ['kb audit:list', 'kb audit:list --tenant=acme --limit=100 --json'],
  },
  'audit:verify': {
    summary: 'Check that the audit log was not changed',
    details: 'Every row carries a hash of itself and of the row before. Exits with 1 when one is missing, altered, moved or put in. A log that was written anew from end to end is told from the real one only by --expect.',
    options: { expect: { type: 'string', value: 'ROW:HASH', describe: 'A row as this command has printed it before, noted elsewhere' } },
    examples: ['kb audit:verify', 'kb audit:verify --expect=1204:sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08'],
  },
} as const satisfies Record<string, CommandSpec>;
