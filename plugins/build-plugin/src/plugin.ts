import { readFileSync } from 'node:fs';

import { defineCommand, definePlugin } from '@kb-labs/sdk';
import { z } from 'zod';

const version = (JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { version: string }).version;

const MiB = 1024 * 1024;

const target = z.object({
  package: z.string().describe('the name in package.json, or the folder of a package without one'),
  folder: z.string().describe('relative to the workspace'),
  script: z.string(),
  status: z.enum(['succeeded', 'failed', 'skipped']).describe('skipped: something failed before it was its turn'),
  durationMs: z.int(),
  outputs: z.object({
    files: z.int(),
    bytes: z.int(),
    written: z.int().describe('files that this build wrote; the others were there before and did not change'),
  }),
});

export const runCommand = defineCommand({
  id: 'build:run',
  describe: 'Builds the project with its own package manager: one package, or a workspace in the order of its dependencies',
  input: z.object({
    folder: z.string().min(1).max(1_024).default('.').describe('where the project or package is, relative to the workspace'),
    script: z
      .string()
      .max(128)
      .regex(/^[A-Za-z0-9_@][A-Za-z0-9_@:./-]*$/)
      .default('build')
      .describe('the script of package.json that builds'),
    packages: z
      .array(z.string().min(1).max(256))
      .min(1)
      .max(500)
      .optional()
      .describe('only these packages of the workspace: names or folders, "*" for any part of one'),
    dependencies: z.boolean().default(true).describe('with "packages": also build the packages of the workspace that they depend on'),
    manager: z.enum(['npm', 'pnpm', 'yarn', 'bun']).optional().describe('in place of the one that packageManager or the lockfile says'),
    install: z
      .enum(['auto', 'always', 'never'])
      .default('auto')
      .describe('install dependencies first, exactly as the lockfile says; auto: when they are missing or older than the lockfile'),
    concurrency: z.int().min(1).max(32).default(4).describe('packages built at the same time'),
    outputs: z
      .array(z.string().min(1).max(512).regex(/^(?!\/)(?!.*(?:^|\/)\.\.(?:\/|$))/))
      .max(50)
      .default(['dist', 'build', 'out', 'lib'])
      .describe('folders or globs of what a build writes, relative to each package'),
    maxFiles: z.int().min(0).max(250).default(100).describe('outputs kept as artifacts; build.json lists all of them'),
    maxBytes: z.int().min(0).max(512 * MiB).default(64 * MiB).describe('of the outputs kept as artifacts, together'),
  }),
  output: z.object({
    manager: z.enum(['npm', 'pnpm', 'yarn', 'bun']),
    root: z.string().describe('the folder of the lockfile or workspace, relative to the workspace of the step'),
    installed: z.boolean().describe('dependencies were installed by this step'),
    targets: z.array(target),
    outputs: z.object({
      files: z.int(),
      bytes: z.int(),
      saved: z.int().describe('kept as artifacts'),
      omitted: z.int().describe('not kept as artifacts; build.json says why'),
    }),
    durationMs: z.int(),
  }),
  permissions: { shell: ['npm', 'pnpm', 'yarn', 'bun', 'node'], fs: { read: ['**'] } },
  handler: './build/run.js#default',
  examples: ['build:run', 'build:run --install never', 'build:run --packages "@acme/web" --outputs dist', 'build:run --folder services/api --script compile'],
});

export default definePlugin({
  id: '@kb-labs/build-plugin',
  version,
  describe: 'Builds Node projects: finds package manager and scripts, reports targets and times, keeps what was built',
  commands: [runCommand],
});
