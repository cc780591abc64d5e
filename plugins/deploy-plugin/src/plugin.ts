import { readFileSync } from 'node:fs';

import { defineCommand, definePlugin } from '@kb-labs/sdk';
import { z } from 'zod';

const version = (JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { version: string }).version;

const path = z
  .string()
  .max(4_096)
  .regex(/^[^\p{Cc}]+$/u);
const word = z
  .string()
  .max(1_024)
  .regex(/^[^\0]*$/);
const program = z
  .string()
  .max(4_096)
  .regex(/^[^\p{Cc}-][^\p{Cc}]*$/u)
  .describe('a name on PATH, or a path relative to the workspace; no shell is in between');
const args = z.array(word).max(256);
const source = path.describe('the folder inside the workspace whose contents are deployed');
const keep = z.int().min(2).max(1_000).optional().describe('how many releases stay, the current one and the one before it always; 5 when left out');
const release = z.string().regex(/^[0-9]{8}-[0-9]{9}-[0-9a-f]{12}$/);

const remote = z
  .string()
  .max(2_048)
  .regex(/^[^\p{Cc}\s-][^\p{Cc}\s]*$/u)
  .describe('a remote of the repository in the workspace, such as "origin", or the address of a repository');
const branch = z
  .string()
  .max(255)
  .regex(/^[^\p{Cc}\s-][^\p{Cc}\s]*$/u)
  .describe('the branch that carries what is deployed and nothing else; made when it is not there');

/** A name or address: nothing that ssh or rsync could take for an option, a user or a path. */
const host = z
  .string()
  .max(255)
  .regex(/^(?:[A-Za-z0-9_](?:[A-Za-z0-9._-]*[A-Za-z0-9_])?|[0-9A-Fa-f:]*:[0-9A-Fa-f:.]+)$/)
  .describe('a name or address, or a host of the ssh configuration with "identity: ssh-config"');
const sshTarget = z.object({
  type: z.literal('ssh'),
  host,
  port: z.int().min(1).max(65_535).optional().describe('22, or what the ssh configuration says, when left out'),
  user: z
    .string()
    .max(64)
    .regex(/^[A-Za-z0-9_][A-Za-z0-9._-]*$/)
    .optional()
    .describe('the user the worker runs as, or what the ssh configuration says, when left out'),
  path: z
    .string()
    .max(4_096)
    .regex(/^\/[^\p{Cc}]+$/u)
    .describe('the absolute path on the server that holds "current" and "releases"'),
  identity: z
    .enum(['secret', 'ssh-config'])
    .optional()
    .describe('the private key in the secret DEPLOY_SSH_KEY, or what the ssh configuration and agent of the worker have; the secret when left out'),
  knownHosts: z
    .string()
    .max(65_536)
    .regex(/^[^\0]*$/)
    .optional()
    .describe('lines as in known_hosts; the known hosts of the worker when left out. A key that is not known is always refused'),
});

const pushTarget = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('command'),
    program,
    args: args.optional(),
    env: z
      .record(z.string().regex(/^(?!KB_)[A-Za-z_][A-Za-z0-9_]{0,127}$/), word)
      .optional()
      .describe('variables of the program beside those of the step'),
    source: source.optional(),
  }),
  z.object({
    type: z.literal('directory'),
    path: path.describe('the folder that holds "current" and "releases"; relative to the workspace, or absolute and anywhere on this machine'),
    source,
    keep,
    healthCheck: z
      .object({ program, args: args.optional() })
      .optional()
      .describe('run while the release is current already; an exit code other than 0 switches back'),
  }),
  z.object({
    type: z.literal('git'),
    remote,
    branch,
    source,
    message: z
      .string()
      .max(65_536)
      .regex(/^[^\0]*$/)
      .regex(/\S/)
      .optional()
      .describe('of the commit; "Deploy" and the version when left out'),
  }),
  sshTarget.extend({ source, keep }),
]);

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
    target: pushTarget.describe('where to, by its "type": command, directory, git or ssh'),
    version: z
      .string()
      .max(256)
      .regex(/^[^\p{Cc}]+$/u)
      .optional()
      .describe('what is deployed, in your words; noted with the release'),
    url: z
      .string()
      .max(2_048)
      .regex(/^https?:\/\/[^\s\p{Cc}]+$/u)
      .optional()
      .describe('where the deployment can be seen; noted with the release and handed on'),
  }),
  output: z.object({
    ...outcome,
    files: z.int().nullable().describe('files and links of the source; null where a command was given no source'),
    bytes: z.int().nullable(),
    url: z.string().optional(),
  }),
  // Which program a command or a health check is, its author says: a list could not name it. A document can.
  permissions: { shell: true, secrets: ['DEPLOY_SSH_KEY'], env: ['SSH_AUTH_SOCK'] },
  handler: './deploy/push.js#default',
  examples: [
    `deploy:push --target '{"type":"directory","source":"dist","path":"/var/www/site"}'`,
    `deploy:push --target '{"type":"git","source":"dist","remote":"origin","branch":"gh-pages"}'`,
    `deploy:push --target '{"type":"ssh","source":"dist","host":"web1","path":"/srv/site","identity":"ssh-config"}'`,
  ],
});

export const rollbackCommand = defineCommand({
  id: 'deploy:rollback',
  describe: 'Makes the release before the current one, or a named one, current again',
  input: z.object({
    target: z
      .discriminatedUnion('type', [
        z.object({ type: z.literal('directory'), path: path.describe('the folder that holds "current" and "releases"') }),
        z.object({ type: z.literal('git'), remote, branch }),
        sshTarget,
      ])
      .describe('where, by its "type": directory, git or ssh'),
    to: z
      .union([release, z.string().regex(/^(?:[0-9a-f]{40}|[0-9a-f]{64})$/)])
      .optional()
      .describe('a release as "deploy:push" named it; the one that the current one has replaced when left out'),
  }),
  output: z.object({ ...outcome, commit: z.string().optional().describe('the new commit of the branch') }),
  permissions: { shell: ['node', 'git', 'ssh'], secrets: ['DEPLOY_SSH_KEY'], env: ['SSH_AUTH_SOCK'] },
  handler: './deploy/rollback.js#default',
  examples: [`deploy:rollback --target '{"type":"directory","path":"/var/www/site"}'`, `deploy:rollback --target '{"type":"git","remote":"origin","branch":"gh-pages"}'`],
});

export default definePlugin({
  id: '@kb-labs/deploy-plugin',
  version,
  describe: 'Deployments as workflow steps: a command, release folders here or over ssh, a branch of git; and the way back',
  commands: [pushCommand, rollbackCommand],
});
