import { readFileSync } from 'node:fs';

import { defineCommand, definePlugin } from '@kb-labs/sdk';
import { z } from 'zod';

import { RULE_IDS, SEVERITIES } from './rules/catalog.js';

const version = (JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { version: string }).version;

export const runCommand = defineCommand({
  id: 'review:run',
  describe: 'Reviews a diff by fixed rules, and by a language model where one is configured: findings with file, line and severity, and a markdown summary',
  input: z.object({
    diff: z.string().describe('a unified diff, as git:diff gives it'),
    mode: z.enum(['auto', 'rules', 'llm']).default('auto').describe('by rules; by a language model; or by rules, and by a language model where there is one'),
    maxRequests: z.int().min(1).max(500).default(40).describe('to the language model; what is left over is named in "unseen"'),
    rules: z
      .object({ disable: z.array(z.enum(RULE_IDS)).default([]).describe('rules that are not to be applied') })
      .default({ disable: [] }),
    failOn: z.enum(['none', ...SEVERITIES]).default('none').describe('fail the step when a finding is this severe or worse'),
    maxFindings: z.int().min(1).max(1_000).default(200).describe('findings in the output, worst first; the artifact has all'),
  }),
  output: z.object({
    findings: z.array(
      z.object({
        file: z.string().describe('the path in the diff; "." for the change as a whole'),
        line: z.int().min(0).describe('in the new file, from 1; 0 for the file as a whole'),
        column: z.int().min(1).optional(),
        severity: z.enum(SEVERITIES),
        rule: z.enum([...RULE_IDS, 'llm']).describe('llm: a language model said so'),
        message: z.string(),
        excerpt: z.string().optional().describe('the line, secrets masked'),
      }),
    ),
    omitted: z.int().describe('findings that are only in the artifact findings.json'),
    counts: z.object({ critical: z.int(), high: z.int(), medium: z.int(), low: z.int(), total: z.int() }).describe('of all findings'),
    summary: z.string().describe('markdown'),
    reviewedBy: z.enum(['rules', 'llm', 'rules+llm']).describe('how the review was made'),
    model: z.string().optional().describe('the language model that took part'),
    dropped: z.int().describe('findings of the language model that were no use: about another file, a line that was not shown, an unknown severity'),
    unseen: z
      .array(z.object({ file: z.string(), reason: z.enum(['generated', 'binary', 'budget', 'failed']) }))
      .describe('changed files that the language model was not shown, or not to their end; empty when it took no part'),
    unseenOmitted: z.int().describe('more of them than are listed'),
    fallback: z.string().optional().describe('why the language model took no part, or not to the end, though one is configured'),
    filesReviewed: z.int(),
    linesAdded: z.int(),
    incomplete: z.boolean().describe('the diff did not read to its end'),
  }),
  permissions: { services: ['llm'] },
  handler: './review/run.js#default',
  examples: ['review:run --diff "$(git diff main)"', 'review:run --diff "$(git diff --staged)" --mode rules --fail-on high'],
});

export default definePlugin({
  id: '@kb-labs/ai-review-plugin',
  version,
  describe: 'Reviews changes: offline rules that find secrets, leftovers, conflict markers and risky calls, and a language model where one is configured',
  commands: [runCommand],
});
