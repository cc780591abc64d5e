import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import type { Diagnostic } from '@kb-labs/contracts';
import { afterAll, describe, expect, it } from 'vitest';

import { Project, repository } from './project.fixture.js';

const pages = [
  'README.md',
  ...readdirSync(join(repository, 'docs/guides')).map((name) => `docs/guides/${name}`),
  ...readdirSync(join(repository, 'plugins')).map((name) => `plugins/${name}/README.md`),
  ...readdirSync(join(repository, 'examples')).map((name) => `examples/${name}/README.md`).filter((page) => existsSync(join(repository, page))),
];

const GROUPS = 'workflow|plugin|daemon|schedule|webhook|playbooks|flows|sessions|runs|agents|tasks|approvals|questions|auth|secret|audit';

/** One page shows a mistake, to have it found, one the use of a plugin that it makes, and some secrets that have to be set first. */
const FOUND: Readonly<Record<string, readonly string[]>> = {
  'docs/guides/first-workflow.md': ['NEEDS_UNKNOWN', 'EXPRESSION_REFERENCE'],
  'docs/guides/write-a-plugin.md': ['UNKNOWN_PLUGIN'],
  // The machine that the tests run on has none.
  'docs/guides/secrets.md': ['SECRET_MISSING', 'SECRET_MISSING'],
  'plugins/notify-plugin/README.md': ['SECRET_MISSING', 'SECRET_MISSING', 'SECRET_MISSING', 'SECRET_MISSING'],
};

const projects: Project[] = [];
afterAll(() => {
  for (const project of projects) project.remove();
});

function blocks(page: string, language: string): string[] {
  const text = readFileSync(join(repository, page), 'utf8');
  return [...text.matchAll(/^```(\w+)\n([^]*?)^```$/gm)].flatMap(([, found, block = '']) => (found === language ? [block] : []));
}

function documentsOf(page: string): string[] {
  return blocks(page, 'yaml').filter((block) => /^id: /m.test(block));
}

/** Each `kb group:command`, or `kb group command`, of a page with the options it is shown with. */
function commandsOf(page: string): { command: string; options: string[] }[] {
  return blocks(page, 'sh').flatMap((block) =>
    [...block.matchAll(new RegExp(`\\bkb (?:-- )?((?:${GROUPS})[: ][a-z-]+)([^\\n#]*)`, 'g'))].map(([, command = '', rest = '']) => ({
      command: command.replace(' ', ':'),
      options: [...rest.matchAll(/(?<= )--([a-z-]+)/g)].map(([, name = '']) => name),
    })),
  );
}

describe('what the pages show', () => {
  const withDocuments = pages.filter((page) => documentsOf(page).length > 0);

  it.each(withDocuments)('%s: its documents are valid', async (page) => {
    const project = new Project();
    projects.push(project);
    const documents = documentsOf(page);
    for (const [index, text] of documents.entries()) project.write(`.kb/workflows/${index}.yml`, text);
    const { diagnostics, workflows } = await project.json<{ diagnostics: Diagnostic[]; workflows: unknown[] }>('workflow:validate');
    expect(diagnostics.map((one) => one.code), JSON.stringify(diagnostics)).toEqual(FOUND[page] ?? []);
    expect(workflows).toHaveLength(documents.length);
  });

  it('runs the documents of the guide to waiting and fan-out that wait for nobody', async () => {
    const project = new Project();
    projects.push(project);
    const documents = documentsOf('docs/guides/waiting-and-fan-out.md').map((text) => ({ id: /^id: (\S+)$/m.exec(text)?.[1] ?? '', text }));
    for (const { id, text } of documents) project.write(`.kb/workflows/${id}.yml`, text);
    const alone = documents.filter(({ text }) => !/builtin:(approval|sleep|wait)|manual: false|required: true \}$/m.test(text)).map(({ id }) => id);
    expect(alone).toEqual(['test-everywhere', 'test-what-changed', 'deploy-stage', 'draft-until-good', 'publish', 'with-database', 'build-and-measure']);
    for (const id of alone) {
      const { code, stderr, stdout } = await project.kb('workflow:run', `--workflow-id=${id}`);
      expect(code, `${id}: ${stdout}${stderr}`).toBe(0);
    }
  });

  it('covers the guides that have documents', () => {
    expect(withDocuments).toEqual(expect.arrayContaining(['README.md', 'docs/guides/first-workflow.md', 'docs/guides/waiting-and-fan-out.md', 'plugins/deploy-plugin/README.md']));
    expect(documentsOf('docs/guides/waiting-and-fan-out.md').length).toBeGreaterThan(10);
  });

  it('names commands and options that there are', async () => {
    const project = new Project();
    projects.push(project);
    const shown = pages.flatMap((page) => commandsOf(page).map((one) => ({ page, ...one })));
    const unknown: string[] = [];
    for (const [command, uses] of Map.groupBy(shown, (one) => one.command)) {
      const help = await project.kb('help', command);
      if (help.code !== 0) unknown.push(`${uses[0]?.page ?? ''}: ${command}`);
      for (const { page, options } of uses) for (const option of options) if (!help.stdout.includes(`--${option}`)) unknown.push(`${page}: ${command} --${option}`);
    }
    expect(unknown).toEqual([]);
    expect(shown.length).toBeGreaterThan(80);
  });
});
