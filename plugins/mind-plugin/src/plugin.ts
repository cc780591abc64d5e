import { readFileSync } from 'node:fs';

import { defineCommand, definePlugin } from '@kb-labs/sdk';
import { z } from 'zod';

const version = (JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { version: string }).version;

const globs = z
  .array(z.string().min(1).max(1_024))
  .max(256)
  .describe('globs of files relative to the workspace (*, **, ?, [a-z]); a folder stands for all that is below it');

export const indexCommand = defineCommand({
  id: 'mind:index',
  describe: 'Indexes the text files of the workspace, or brings the index up to date',
  input: z.object({
    paths: globs.min(1).optional().describe('only these; everything that git does not ignore when left out'),
    exclude: globs.default([]).describe('not these'),
    maxFileBytes: z.int().min(1).max(16_777_216).default(524_288).describe('larger files are skipped'),
    force: z.boolean().default(false).describe('read every file again, also those that look unchanged'),
  }),
  output: z.object({
    files: z.int().describe('in the index'),
    passages: z.int(),
    added: z.int(),
    changed: z.int(),
    removed: z.int(),
    unchanged: z.int(),
    skipped: z.record(z.string(), z.int()).describe('how many files were left out, by reason'),
    read: z.object({ files: z.int(), bytes: z.int() }).describe('what had to be read for it'),
    durationMs: z.int(),
    embeddings: z.boolean().describe('every passage has a vector'),
  }),
  permissions: { shell: ['git'], fs: { read: ['**'], write: ['.kb/mind/**'] }, services: ['llm'] },
  handler: './mind/index-workspace.js#default',
  examples: ['mind:index', 'mind:index --paths docs --paths "src/**/*.ts"', 'mind:index --force'],
});

export const queryCommand = defineCommand({
  id: 'mind:rag-query',
  describe: 'Answers a question from the files of the workspace, with the passages it is taken from',
  input: z.object({
    text: z.string().max(4_000).regex(/\S/).describe('the question, in your words'),
    limit: z.int().min(1).max(50).default(8).describe('passages that the answer may be taken from, at most'),
    paths: globs.min(1).optional().describe('only passages of these files'),
    mode: z
      .enum(['auto', 'lexical', 'llm'])
      .default('auto')
      .describe('lexical: by words alone, the answer is quoted; llm: a language model has to answer; auto: what there is'),
    reindex: z.enum(['auto', 'never']).default('auto').describe('auto: make the index, or bring it up to date, first'),
  }),
  output: z.object({
    answer: z.string().describe('every statement followed by its [file:line]'),
    sources: z
      .array(
        z.object({
          file: z.string(),
          startLine: z.int(),
          endLine: z.int(),
          score: z.number().describe('only to compare sources of one answer'),
          text: z.string().describe('these lines as they are now'),
        }),
      )
      .describe('the best first'),
    answeredBy: z.enum(['passages', 'llm']),
    model: z.string().optional().describe('that wrote the answer'),
    removedCitations: z.int().optional().describe('of the answer of the model, because they name no given source'),
    index: z.object({
      files: z.int(),
      at: z.string().describe('when it was written, ISO 8601'),
      stale: z.int().describe('files that were found to have changed since: their passages were read again, or left out'),
    }),
  }),
  permissions: { shell: ['git'], fs: { read: ['**'], write: ['.kb/mind/**'] }, services: ['llm'] },
  handler: './mind/rag-query.js#default',
  examples: ['mind:rag-query --text "Where are retries decided?"', 'mind:rag-query --text "What is a lease?" --mode lexical --limit 3'],
});

export default definePlugin({
  id: '@kb-labs/mind-plugin',
  version,
  describe: 'Indexes the text files of a workspace and answers questions with cited passages',
  commands: [indexCommand, queryCommand],
});
