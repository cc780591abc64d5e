import { readFileSync } from 'node:fs';

import { defineCommand, definePlugin } from '@kb-labs/sdk';
import { z } from 'zod';

import { deployedUrl, deployedVersion, environment, pushTarget, rollbackTarget } from './settings/targets.js';

const version = (JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { version: string }).version;

const release = z.string().regex(/^[0-9]{8}-[0-9]{9}-[0-9a-f]{12}$/);

const outcome = {
  target: z.enum(['command', 'directory', 'git', 'ssh']),
  release: z.string().describe('what is deployed now: the name of a release folder, or a commit'),
  previous: z.string().nullable().describe('what was deployed before'),
  changed: z.boolean().describe('its contents differ from what was deployed before; of a command it is not known and taken for true'),
  repeated: z.boolean().describe('an earlier try of this step had done it already'),
};

export const pushCommand = defineCommand({
  id: 'deploy:push',
  describe: 'Deploys a folder: as a release folder here or over ssh, as a branch of git, or by a command',
  input: z.object({
    target: pushTarget.optional().describe('where to, by its "type": command, directory, git or ssh; what .kb/deploy.json says when left out'),
    environment: environment.optional().describe('in place of "target": the name of one of the "targets" in .kb/deploy.json'),
    version: deployedVersion.optional().describe('what is deployed, in your words; noted with the release'),
    url: deployedUrl.optional().describe('where the deployment can be seen; noted with the release and handed on'),
  }),
  output: z.object({
    ...outcome,
    files: z.int().nullable().describe('files and links of the source; null where a command was given no source'),
    bytes: z.int().nullable(),
    url: z.string().optional(),
  }),
  // Which program a command or a health check is, its author says: a list could not name it. A document can.
  permissions: { shell: true, fs: { read: ['.kb/deploy.json'] }, secrets: ['DEPLOY_SSH_KEY'], env: ['SSH_AUTH_SOCK'] },
  handler: './deploy/push.js#default',
  examples: [
    'deploy:push',
    'deploy:push --environment production',
    `deploy:push --target '{"type":"directory","source":"dist","path":"/var/www/site"}'`,
    `deploy:push --target '{"type":"git","source":"dist","remote":"origin","branch":"gh-pages"}'`,
    `deploy:push --target '{"type":"ssh","source":"dist","host":"web1","path":"/srv/site","identity":"ssh-config"}'`,
  ],
});

export const rollbackCommand = defineCommand({
  id: 'deploy:rollback',
  describe: 'Makes the release before the current one, or a named one, current again',
  input: z.object({
    target: rollbackTarget.optional().describe('where, by its "type": directory, git or ssh; what .kb/deploy.json says when left out'),
    environment: environment.optional().describe('in place of "target": the name of one of the "targets" in .kb/deploy.json'),
    to: z
      .union([release, z.string().regex(/^(?:[0-9a-f]{40}|[0-9a-f]{64})$/)])
      .optional()
      .describe('a release as "deploy:push" named it; the one that the current one has replaced when left out'),
  }),
  output: z.object({ ...outcome, commit: z.string().optional().describe('the new commit of the branch') }),
  permissions: { shell: ['node', 'git', 'ssh'], fs: { read: ['.kb/deploy.json'] }, secrets: ['DEPLOY_SSH_KEY'], env: ['SSH_AUTH_SOCK'] },
  handler: './deploy/rollback.js#default',
  examples: ['deploy:rollback', `deploy:rollback --target '{"type":"directory","path":"/var/www/site"}'`, `deploy:rollback --target '{"type":"git","remote":"origin","branch":"gh-pages"}'`],
});

export default definePlugin({
  id: '@kb-labs/deploy-plugin',
  version,
  describe: 'Deployments as workflow steps: a command, release folders here or over ssh, a branch of git; and the way back',
  commands: [pushCommand, rollbackCommand],
});
