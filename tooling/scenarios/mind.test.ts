import { existsSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import type { RunView } from '@kb-labs/contracts';
import { type LlmServer, startLlmServer } from '@kb-labs/testkit';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { Project } from './project.fixture.js';

interface Indexed {
  readonly files: number;
  readonly skipped: Readonly<Record<string, number>>;
  readonly embeddings: boolean;
}

interface Answered {
  readonly answer: string;
  readonly answeredBy: string;
  readonly model?: string;
  readonly removedCitations?: number;
  readonly sources: readonly { readonly file: string; readonly text: string }[];
}

const workflow = (permissions: string): string => `id: ask
permissions: ${permissions}
jobs:
  ask:
    outputs: { answer: "\${{ steps.ask.outputs.answer }}", skipped: "\${{ steps.index.outputs.skipped }}" }
    steps:
      - { id: index, uses: "@kb-labs/mind-plugin/mind:index" }
      - { id: ask, uses: "@kb-labs/mind-plugin/mind:rag-query", with: { text: When does a lease end? } }
outputs: { answer: "\${{ jobs.ask.outputs.answer }}", skipped: "\${{ jobs.ask.outputs.skipped }}" }
`;

let project: Project;
let outside: Project;

beforeEach(() => {
  outside = new Project({ 'secret.md': 'A lease outside never ends.\n' });
  project = new Project({ 'docs/lease.md': '# Lease\n\nA lease ends after a minute.\n', 'src/lease.ts': '// A lease of the sources.\nexport const lease = 60;\n' });
  symlinkSync(join(outside.dir, 'secret.md'), join(project.dir, 'docs/link.md'));
  symlinkSync(outside.dir, join(project.dir, 'docs/folder'));
  project.git('init', '-q');
});
afterEach(() => {
  project.remove();
  outside.remove();
});

describe('the index of a project', () => {
  it('answers in the terminal, and holds nothing that a link leads to outside', async () => {
    expect(await project.json<Indexed>('mind:index')).toMatchObject({ files: 2, skipped: { 'not-granted': 2 }, embeddings: false });
    const { answer, sources, answeredBy } = await project.json<Answered>('mind:rag-query', '--text', 'When does a lease end?');
    expect(answeredBy).toBe('passages');
    expect(sources.map(({ file }) => file).toSorted()).toEqual(['docs/lease.md', 'src/lease.ts']);
    expect(answer).toContain('> A lease ends after a minute.\n[docs/lease.md:1-3]');
    expect(JSON.stringify(sources)).not.toContain('outside');
  });

  it('is of what the document grants to be read', async () => {
    project.write('.kb/workflows/ask.yml', workflow('{ fs: { read: ["docs/**", ".kb/mind/**"], write: [".kb/mind/**"] } }'));
    const run = await project.json<RunView>('workflow:run', '--workflow-id=ask');
    expect(run.outputs['skipped']).toEqual({ 'not-granted': 4 });
    expect(run.outputs['answer']).toContain('[docs/lease.md:1-3]');
    expect(run.outputs['answer']).not.toContain('src/lease.ts');
  });

  it('is made for one answer where it may not be stored', async () => {
    project.write('.kb/workflows/ask.yml', workflow('{ fs: { read: ["docs/**", ".kb/mind/**"] } }').replace(/^.*mind:index.*\n/m, '').replace(', skipped: "${{ steps.index.outputs.skipped }}"', '').replace(', skipped: "${{ jobs.ask.outputs.skipped }}"', ''));
    const run = await project.json<RunView>('workflow:run', '--workflow-id=ask');
    expect(run.outputs['answer']).toContain('[docs/lease.md:1-3]');
    expect(existsSync(join(project.dir, '.kb/mind'))).toBe(false);
  });

  it('is not made where git is not granted, and the step says so', async () => {
    project.write('.kb/workflows/ask.yml', workflow('{ shell: false }'));
    const answer = await project.kb('workflow:run', '--workflow-id=ask');
    expect(answer.code).toBe(1);
    expect(answer.stdout + answer.stderr).toContain('shell: [git]');
  });
});

describe('with a language model in the configuration', () => {
  let server: LlmServer;

  beforeEach(async () => {
    server = await startLlmServer();
    writeFileSync(join(project.dir, '.kb/kb.config.yaml'), `llm: { provider: openai, url: "${server.openaiUrl}", model: chat-1, embeddings: { model: vectors-1 } }\n`);
  });
  afterEach(() => server.stop());

  it('the answer is the model’s, its citations are checked, and passages have vectors', async () => {
    expect(await project.json<Indexed>('mind:index')).toMatchObject({ files: 2, embeddings: true });
    server.script({ text: '' }, { text: 'It ends after a minute [S1]. Or never [S9].' });
    const answered = await project.json<Answered>('mind:rag-query', '--text', 'When does a lease end?');
    expect(answered).toMatchObject({ answer: 'It ends after a minute [docs/lease.md:1-3]. Or never.', answeredBy: 'llm', model: 'chat-1', removedCitations: 1 });
    expect(server.requests.map(({ api }) => api)).toContain('openai-embeddings');
    expect(server.requests.map(({ prompt }) => prompt).join('\n')).not.toContain('outside');
  });

  it('a document that does not grant it is answered in the words of the files', async () => {
    project.write('.kb/workflows/ask.yml', workflow('{ services: [] }'));
    const run = await project.json<RunView>('workflow:run', '--workflow-id=ask');
    expect(run.outputs['answer']).toContain('> A lease ends after a minute.');
    expect(server.requests).toEqual([]);
  });
});
