import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { kb, makeProject } from './drive-kb.js';

let project: ReturnType<typeof makeProject>;

beforeAll(() => {
  project = makeProject({});
  const git = (...args: string[]) => execFileSync('git', ['-C', project.root, '-c', 'user.name=a', '-c', 'user.email=a@example.com', '-c', 'commit.gpgsign=false', ...args]);
  git('init', '--quiet', '--initial-branch=main');
  writeFileSync(join(project.root, 'a.js'), 'const a = 1;\n');
  git('add', 'a.js');
  git('commit', '--quiet', '--message=one');
  writeFileSync(join(project.root, 'a.js'), 'const a = 1;\neval(a);\n');
});
afterAll(() => {
  project.remove();
});

describe('a command of a plugin', () => {
  it('runs by itself, with options from its schema, and leaves no state', async () => {
    const { code, stdout } = await kb(project.root, ['git:diff', '--context-lines=0', '--json']);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ stats: { files: 1, additions: 1 } });
    expect((await kb(project.root, ['git', 'status'])).stdout).toContain('branch: main');
    expect(existsSync(join(project.root, '.kb/state'))).toBe(false);
  });

  it('keeps its artifacts where it is told to', async () => {
    const diff = (await kb(project.root, ['git:diff', '--json'])).stdout;
    const input = JSON.stringify({ diff: (JSON.parse(diff) as { diff: string }).diff });
    const { code, stderr } = await kb(project.root, ['review:run', `--input=${input}`, '--artifacts=out']);
    expect(code).toBe(0);
    expect(stderr).toContain('review.md  markdown');
    expect(readFileSync(join(project.root, 'out/review.md'), 'utf8')).toContain('a.js:2');
  });

  it('answers for wrong options and inputs with 2, and for its own failures with 1', async () => {
    expect(await kb(project.root, ['git:diff', '--bsae=x'])).toMatchObject({ code: 2, stderr: expect.stringContaining('did you mean "--base"?') as string });
    expect(await kb(project.root, ['review:run', '--json'])).toMatchObject({ code: 2, stdout: expect.stringContaining('INPUT_INVALID') as string });
    expect(await kb(project.root, ['git:diff', '--base=nowhere', '--json'])).toMatchObject({ code: 1, stdout: expect.stringContaining('UNKNOWN_REVISION') as string });
    expect(await kb(project.root, ['git:dif'])).toMatchObject({ code: 2, stderr: expect.stringContaining('did you mean "git:diff"?') as string });
  });

  it('has help, and is in the overview and the list of plugins', async () => {
    expect((await kb(project.root, ['git:diff', '--help'])).stdout).toContain('kb git:diff --base main');
    expect((await kb(project.root, ['help'])).stdout).toContain('review:run');
    const { items } = JSON.parse((await kb(project.root, ['plugin:list', '--json'])).stdout) as { items: { id: string; origin: string; trusted: boolean }[] };
    expect(items.map(({ id }) => id)).toEqual(expect.arrayContaining(['@kb-labs/ai-review-plugin', '@kb-labs/commit-plugin']));
    expect(items.every(({ origin, trusted }) => origin === 'first-party' && trusted)).toBe(true);
  });
});

describe('a command that asks a service', () => {
  it('reaches the hosts it declares, and no other', async () => {
    const server = createServer((request, response) => {
      response.end(`you asked for ${String(request.url)}`);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const closed = { type: 'object', additionalProperties: false };
    const manifest = {
      schema: 1,
      id: '@acme/web',
      version: '1.0.0',
      commands: [
        {
          id: 'web:get',
          describe: 'Asks',
          input: { ...closed, properties: { url: { type: 'string' } }, required: ['url'] },
          output: { ...closed, properties: { text: { type: 'string' } }, required: ['text'] },
          permissions: { network: ['127.0.0.1'] },
          handler: './get.js#default',
        },
      ],
    };
    const folder = join(project.root, 'web');
    mkdirSync(folder);
    writeFileSync(join(folder, 'package.json'), '{ "name": "@acme/web", "version": "1.0.0", "type": "module", "kb": { "plugin": "./kb.plugin.json" } }');
    writeFileSync(join(folder, 'kb.plugin.json'), JSON.stringify(manifest));
    writeFileSync(join(folder, 'get.js'), 'export default async ({ url }, ctx) => ({ text: await (await ctx.fetch(url)).text() });\n');
    writeFileSync(join(project.root, '.kb/kb.config.yaml'), 'plugins: [web]\n');
    const get = (host: string) => kb(project.root, ['web:get', `--url=http://${host}:${String(port)}/a`, '--json']);

    const allowed = await get('127.0.0.1');
    const denied = await get('localhost');
    server.close();

    expect(JSON.parse(allowed.stdout)).toEqual({ text: 'you asked for /a' });
    expect([denied.code, JSON.parse(denied.stdout)]).toEqual([4, expect.objectContaining({ code: 'PERMISSION_DENIED' })]);
  });
});
