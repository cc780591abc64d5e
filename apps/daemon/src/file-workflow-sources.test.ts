import { mkdir, mkdtemp, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

import { LIMITS } from '@kb-labs/contracts';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { fileWorkflowSources } from './file-workflow-sources.js';

let root: string;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'kb-sources-'));
});
afterEach(async () => {
  await rm(root, { recursive: true, force: true });
});

async function put(file: string, text: string): Promise<void> {
  const path = join(root, file);
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, text);
}

function sources(...folders: string[]) {
  return fileWorkflowSources({ projectRoot: root, folders: folders.map((folder) => join(root, folder)) });
}

describe('fileWorkflowSources', () => {
  it('finds YAML and JSON documents at any depth, by name, and nothing else', async () => {
    await put('.kb/workflows/b.yml', 'id: b');
    await put('.kb/workflows/a.yaml', 'id: a');
    await put('.kb/workflows/deep/er/c.json', '{"id":"c"}');
    await put('.kb/workflows/notes.md', 'id: d');
    await put('ci/e.yml', 'id: e');
    const files = (await sources('.kb/workflows', 'ci', 'absent').list()).map(({ file }) => file);
    expect(files).toEqual(['.kb/workflows/a.yaml', '.kb/workflows/b.yml', '.kb/workflows/deep/er/c.json', 'ci/e.yml']);
  });

  it('reads a document once when two folders hold it', async () => {
    await put('ci/one/a.yml', 'id: a');
    expect(await sources('ci', 'ci/one').list()).toHaveLength(1);
  });

  it('answers only documents that could have the id, and those that may spell it with escapes', async () => {
    await put('w/a.yml', 'id: build');
    await put('w/b.yml', 'id: "b\\x75ild"');
    await put('w/c.yml', 'id: test');
    expect((await sources('w').candidates('build')).map(({ file }) => file)).toEqual(['w/a.yml', 'w/b.yml']);
  });

  it('follows a link inside the project and none that leads out of it or nowhere', async () => {
    const outside = await mkdtemp(join(tmpdir(), 'kb-outside-'));
    await writeFile(join(outside, 'x.yml'), 'id: x');
    await put('docs/a.yml', 'id: a');
    await mkdir(join(root, 'w'));
    await symlink(join(root, 'docs/a.yml'), join(root, 'w/inside.yml'));
    await symlink(join(outside, 'x.yml'), join(root, 'w/outside.yml'));
    await symlink(outside, join(root, 'w/folder'));
    await symlink(join(root, 'nowhere.yml'), join(root, 'w/broken.yml'));
    expect((await sources('w').list()).map(({ file }) => file)).toEqual(['w/inside.yml']);
    await rm(outside, { recursive: true });
  });

  it('keeps no more of an oversized document than it takes to refuse it', async () => {
    await put('w/big.yml', 'x'.repeat(LIMITS.documentBytes + 500));
    const [source] = await sources('w').list();
    expect(source?.text.length).toBe(LIMITS.documentBytes + 1);
  });

  it('answers documents that the end of a workflow may start, and sees what is changed and added', async () => {
    const listener = 'id: after\non:\n  workflow: { ids: [build] }\n';
    await put('w/after.yml', listener);
    await put('w/plain.yml', 'id: plain\njobs: { a: { steps: [ { uses: "workflow://build" } ] } }\n');
    await put('w/escaped.yml', '"\\x6fn": { "workflo\\u0077": { ids: ["bui\\x6cd"] } }');
    const found = sources('w');
    const names = async (id: string) => (await found.listeners(id)).map(({ file }) => file);
    expect(await names('build')).toEqual(['w/after.yml', 'w/escaped.yml']);
    expect(await names('other')).toEqual(['w/escaped.yml']);
    const old = new Date(Date.now() - 60_000);
    await utimes(join(root, 'w/after.yml'), old, old);
    expect((await found.listeners('build'))[0]).toEqual({ file: 'w/after.yml', text: listener });
    await put('w/after.yml', 'id: after\n');
    await put('w/new.yml', listener);
    expect(await names('build')).toEqual(['w/escaped.yml', 'w/new.yml']);
    await rm(join(root, 'w/new.yml'));
    expect(await names('build')).toEqual(['w/escaped.yml']);
  });

  it('does not read a document again that has not changed', async () => {
    await put('w/after.yml', 'id: after\non: { workflow: { ids: [build] } }\n');
    const path = join(root, 'w/after.yml');
    const old = new Date(Date.now() - 60_000);
    await utimes(path, old, old);
    const found = sources('w');
    expect(await found.listeners('build')).toHaveLength(1);
    // The same size and the same time: only reading it would tell.
    await put('w/after.yml', 'id: after\non: { workflow: { ids: [other] } }\n');
    await utimes(path, old, old);
    expect(await found.listeners('build')).toHaveLength(1);
  });
});
