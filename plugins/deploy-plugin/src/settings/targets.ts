import { z } from 'zod';

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

/** Where `deploy:push` can deploy to. */
export const pushTarget = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('command'),
    program,
    args: args.optional(),
    env: z
      .record(z.string().regex(/^(?!KB_)[A-Za-z_][A-Za-z0-9_]{0,127}$/), word)
      .optional()
      .describe('variables of the program beside those of the step'),
    source: source.optional(),
  }),
  z.strictObject({
    type: z.literal('directory'),
    path: path.describe('the folder that holds "current" and "releases"; relative to the workspace, or absolute and anywhere on this machine'),
    source,
    keep,
    healthCheck: z
      .strictObject({ program, args: args.optional() })
      .optional()
      .describe('run while the release is current already; an exit code other than 0 switches back'),
  }),
  z.strictObject({
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
  sshTarget.extend({ source, keep }).strict(),
]);

/** Where `deploy:rollback` can go back. What only a deployment needs may stand beside it: a project writes its target once. */
export const rollbackTarget = z.discriminatedUnion('type', [
  z.object({ type: z.literal('directory'), path: path.describe('the folder that holds "current" and "releases"') }),
  z.object({ type: z.literal('git'), remote, branch }),
  sshTarget,
]);

/** A target's name in `.kb/deploy.json`. */
export const environment = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/);

export const deployedVersion = z
  .string()
  .max(256)
  .regex(/^[^\p{Cc}]+$/u);

export const deployedUrl = z
  .string()
  .max(2_048)
  .regex(/^https?:\/\/[^\s\p{Cc}]+$/u);
