import { writeFileSync } from 'node:fs';
import { mkdir, mkdtemp, rename, rm, stat, symlink, utimes, writeFile } from 'node:fs/promises';
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
  return sourcesIn(folders, Date.now);
}

function sourcesIn(folders: string[], now: () => number) {
  return fileWorkflowSources({ projectRoot: root, folders: folders.map((folder) => join(root, folder)), clock: { now } });
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

  it('looks once for all who ask at the same time, and sees what was changed before the last of them asked', async () => {
    await put('w/a.yml', 'id: build');
    let times = 0;
    // Whether something has settled is asked whenever a folder is listed and a file is read.
    const found = sourcesIn(['w'], () => {
      times += 1;
      return Date.now();
    });
    const asked = [found.candidates('build'), found.listeners('build'), found.list(), found.candidates('build')];
    writeFileSync(join(root, 'w/a.yml'), 'id: build # new');
    const texts = (await Promise.all([...asked, found.list()])).map((all) => all.map(({ text }) => text));
    expect(texts).toEqual([['id: build # new'], [], ['id: build # new'], ['id: build # new'], ['id: build # new']]);
    const ofOneLook = times;
    await found.list();
    expect(times).toBe(2 * ofOneLook);
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

  describe('a file that has not changed for a while', () => {
    const later = (): number => Date.now() + 60_000;

    it('is not read again, for whatever is asked of it', async () => {
      await put('w/after.yml', 'id: after\non: { workflow: { ids: [build] } }\n');
      const found = sourcesIn(['w'], later);
      const [first] = await found.list();
      // The same object: it was not made from the file again.
      expect((await found.list())[0]).toBe(first);
      expect((await found.candidates('after'))[0]).toBe(first);
      expect((await found.listeners('build'))[0]).toBe(first);
      expect(() => Object.assign(first ?? {}, { text: 'id: other' })).toThrow(TypeError);
    });

    it('is read again by the very next look when it is written, replaced or gone', async () => {
      await put('w/a.yml', 'id: a1');
      const path = join(root, 'w/a.yml');
      const found = sourcesIn(['w'], later);
      const texts = async () => (await found.candidates('a')).map(({ text }) => text);
      expect(await texts()).toEqual(['id: a1']);
      const { atime, mtime } = await stat(path);
      // As long as before, and as old as far as its author says.
      await put('w/a.yml', 'id: a2');
      await utimes(path, atime, mtime);
      expect(await texts()).toEqual(['id: a2']);
      await put('a.new', 'id: a3');
      await utimes(join(root, 'a.new'), atime, mtime);
      await rename(join(root, 'a.new'), path);
      expect(await texts()).toEqual(['id: a3']);
      await rm(path);
      expect(await texts()).toEqual([]);
      await put('w/a.yml', 'id: a4');
      expect(await texts()).toEqual(['id: a4']);
    });

    it('is read again as long as it could change without another time', async () => {
      await put('w/a.yml', 'id: a');
      const found = sources('w');
      const [first] = await found.list();
      const [second] = await found.list();
      expect(second).toEqual(first);
      expect(second).not.toBe(first);
    });
  });

  it('keeps no more text than it has room for', async () => {
    const text = 'x'.repeat(LIMITS.documentBytes);
    const files = Array.from({ length: 70 }, (_, n) => `w/${String(n + 100)}.yml`);
    for (const file of files) await put(file, text);
    const found = sourcesIn(['w'], () => Date.now() + 60_000);
    const before = await found.list();
    const kept = async () => (await found.list()).filter((source) => before.includes(source)).length;
    expect(await kept()).toBe(64);
    for (const file of files.slice(0, 10)) await rm(join(root, file));
    await found.list();
    const after = await found.list();
    expect((await found.list()).filter((source) => after.includes(source))).toHaveLength(60);
  });
});
