import { readFileSync } from 'node:fs';

import { defineCommand, definePlugin } from '@kb-labs/sdk';
import { z } from 'zod';

import { CHECKS, FORMATS, SEVERITIES } from './checks/names.js';

const version = (JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { version: string }).version;

const command = z
  .string()
  .min(1)
  .max(8_192)
  .regex(/^[^\0]*$/)
  .optional();

const report = z
  .object({
    file: z.string().min(1).max(512).describe('a file or glob, relative to the folder; only what the command wrote counts'),
    format: z.enum(FORMATS),
  })
  .optional();

const perCheck = <Shape extends z.ZodType>(shape: Shape) => z.object({ test: shape, types: shape, lint: shape });

export const runCommand = defineCommand({
  id: 'qa:run',
  describe: 'Tests, type check and lint of a project: runs what it has and reads the reports',
  input: z.object({
    checks: z.array(z.enum(CHECKS)).min(1).max(3).optional().describe('which of test, types and lint; all that the project has when left out'),
    folder: z.string().min(1).max(1_024).default('.').describe('where the project or package is, relative to the workspace'),
    commands: perCheck(command).default({}).describe('shell commands in place of what would be found, by check'),
    reports: perCheck(report).default({}).describe('what the command of a check writes about its results, by check'),
    failOn: z.enum(['none', ...SEVERITIES]).default('error').describe('fail the step when a check fails, or already when there is a warning'),
    maxIssues: z.int().min(0).max(1_000).default(200).describe('issues in the output, errors first; the artifact has more'),
  }),
  output: z.object({
    status: z.enum(['passed', 'failed']),
    checks: z.array(
      z.object({
        name: z.enum(CHECKS),
        tool: z.string().describe('what was run: vitest, jest, mocha, node-test, tsc, vue-tsc, eslint, script or command'),
        status: z.enum(['passed', 'failed']),
        passed: z.int().describe('tests, or files without errors; not known of types'),
        failed: z.int().describe('tests, files with errors, or errors of types'),
        skipped: z.int(),
        durationMs: z.int(),
        parsed: z.boolean().describe('a report was read; else only the exit code is known'),
      }),
    ),
    issues: z.array(
      z.object({
        file: z.string().describe('relative to the workspace; "." when it is not known'),
        line: z.int().min(0).describe('0 when it is not known'),
        column: z.int().min(0).describe('0 when it is not known'),
        severity: z.enum(SEVERITIES),
        rule: z.string(),
        message: z.string(),
        check: z.enum(CHECKS),
      }),
    ),
    omitted: z.int().describe('issues that are not in the output'),
    counts: z.object({ error: z.int(), warning: z.int() }).describe('of all issues'),
    summary: z.string().describe('markdown'),
  }),
  permissions: { shell: ['npm', 'pnpm', 'yarn', 'bun', 'node', 'sh'], fs: { read: ['**'], write: ['**/.kb-qa-*', '**/.kb-qa-*/**'] } },
  handler: './qa/run.js#default',
  examples: ['qa:run', 'qa:run --checks test --fail-on none', 'qa:run --folder packages/api', `qa:run --commands '{"test":"make test"}' --reports '{"test":{"file":"out/junit.xml","format":"junit"}}'`],
});

export default definePlugin({
  id: '@kb-labs/qa-plugin',
  version,
  describe: 'Runs tests, type check and lint, and turns their reports into counts and issues',
  commands: [runCommand],
});
