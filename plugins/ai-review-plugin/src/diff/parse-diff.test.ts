import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { type DiffFile, parseDiff } from './parse-diff.js';

let root = '';
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'parse-diff-'));
  git('init', '--quiet', '--initial-branch=main');
  git('config', 'user.email', 'ann@example.org');
  git('config', 'user.name', 'Ann');
});
afterAll(() => {
  rmSync(root, { recursive: true, force: true });
});

function git(...args: string[]): string {
  return execFileSync('git', args, { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'], maxBuffer: 64 * 1024 * 1024 });
}

function write(path: string, content: string | Buffer): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), content);
}

function commitAll(): void {
  git('add', '--all');
  git('commit', '--quiet', '--allow-empty', '--message', 'state');
}

function added(file: DiffFile | undefined): [number, string][] {
  return (file?.hunks ?? []).flatMap(({ lines }) => lines.filter((line) => line.added).map((line): [number, string] => [line.number, line.text]));
}

describe('a diff that git wrote', () => {
  it('gives the place in the new file of every added line, and git’s own counts', () => {
    const line = fc.constantFrom('a', 'b', '-- x', '++ y', '--- a/x', '+++ b/x', '@@ -1 +1 @@', 'diff --git a/x b/x', '', ' ', '\\ No newline', '\ttab', 'é');
    const text = fc.tuple(fc.array(line, { maxLength: 25 }), fc.boolean()).map(([lines, end]) => lines.join('\n') + (end && lines.length > 0 ? '\n' : ''));
    fc.assert(
      fc.property(text, text, fc.nat(4), (before, after, context) => {
        write('file.txt', before);
        git('add', 'file.txt');
        write('file.txt', after);
        const diff = git('diff', `--unified=${String(context)}`, '--', 'file.txt');
        const { files, problems } = parseDiff(diff);
        expect(problems).toEqual([]);
        if (before === after) return void expect(files).toEqual([]);
        const lines = after.split('\n');
        for (const [number, content] of added(files[0])) expect(lines[number - 1]).toBe(content);
        const counts = git('diff', '--numstat', '--', 'file.txt').split('\t').slice(0, 2).map(Number);
        expect([files[0]?.additions, files[0]?.deletions]).toEqual(counts);
        expect(added(files[0])).toHaveLength(counts[0] ?? -1);
      }),
      { numRuns: 30 },
    );
  });

  it('names every file as it is, however it is written', () => {
    commitAll();
    const names = ['plain.txt', 'with space.txt', 'quo"te.txt', 'tab\there.txt', 'new\nline.txt', 'ünïcode.txt', 'back\\slash.txt', 'a b/c d.txt', 'b/b/x.txt', ' lead.txt', 'end .txt', 'x b/x'];
    for (const name of names) write(name, 'one\n');
    git('add', '--all');
    for (const quotePath of ['true', 'false']) {
      const { files, problems } = parseDiff(git('-c', `core.quotePath=${quotePath}`, 'diff', '--cached'));
      expect(problems).toEqual([]);
      expect(files.map(({ path }) => path).sort()).toEqual([...names].sort());
      expect(files.every(({ created, additions }) => created && additions === 1)).toBe(true);
    }
    commitAll();
  });

  it('tells what happened to a file that has no lines in the diff', () => {
    write('keep.txt', 'x\n'.repeat(30));
    write('bin.dat', Buffer.from([0, 1, 2]));
    write('gone é.txt', 'x\n');
    commitAll();
    git('mv', 'keep.txt', 'moved "here".txt');
    write('bin.dat', Buffer.from([0, 3]));
    write('empty file.txt', '');
    git('rm', '--quiet', 'gone é.txt');
    git('update-index', '--chmod=+x', 'plain.txt');
    git('add', '--all', 'bin.dat', 'empty file.txt');
    const byPath = new Map(parseDiff(git('diff', '--cached', '--find-renames')).files.map((file) => [file.path, file]));
    expect(byPath.get('moved "here".txt')).toMatchObject({ oldPath: 'keep.txt', additions: 0, created: false });
    expect(byPath.get('bin.dat')).toMatchObject({ binary: true, created: false });
    expect(byPath.get('empty file.txt')).toMatchObject({ created: true, hunks: [] });
    expect(byPath.get('gone é.txt')).toMatchObject({ deleted: true, deletions: 1 });
    expect(byPath.get('plain.txt')).toMatchObject({ created: false, deleted: false, hunks: [] });
    expect(byPath.size).toBe(5);
    commitAll();
  });

  it('reads the three columns of a merge', () => {
    write('merged.txt', 'a\nb\nc\n');
    commitAll();
    git('checkout', '--quiet', '-b', 'side');
    write('merged.txt', 'a\nside\nc\n');
    commitAll();
    git('checkout', '--quiet', 'main');
    write('merged.txt', 'a\nmain\nc\n');
    commitAll();
    expect(() => git('merge', 'side')).toThrow();
    write('merged.txt', 'a\nboth\nextra\nc\n');
    commitAll();
    const { files, problems } = parseDiff(git('show', '--cc', 'HEAD'));
    expect(problems).toEqual([]);
    expect(files.map(({ path }) => path)).toEqual(['merged.txt']);
    expect(added(files[0])).toEqual([[2, 'both'], [3, 'extra']]);
  });

  it('reads a mail from format-patch: what stands around the diff is passed over', () => {
    write('patch.txt', 'one\n');
    commitAll();
    const { files } = parseDiff(git('format-patch', '--stdout', '-1'));
    expect(files.map((file) => [file.path, added(file)])).toEqual([['patch.txt', [[1, 'one']]]]);
  });

  it('takes off the carriage return of lines that end in one', () => {
    write('dos.txt', 'one\r\ntwo\r\n');
    git('add', '--all');
    expect(added(parseDiff(git('diff', '--cached')).files[0])).toEqual([[1, 'one'], [2, 'two']]);
  });
});

describe('other text', () => {
  it('of plain `diff -u` is read, times after the names left out', () => {
    const diff = '--- old/a.txt\t2026-01-01 10:00:00.000000000 +0000\n+++ new/a.txt\t2026-01-01 10:00:01.000000000 +0000\n@@ -1 +1,2 @@\n one\n+two\n--- b.txt\n+++ b.txt\n@@ -0,0 +1 @@\n+x\n';
    const { files, problems } = parseDiff(diff);
    expect(problems).toEqual([]);
    expect(files.map(({ path }) => path)).toEqual(['new/a.txt', 'b.txt']);
    expect(added(files[0])).toEqual([[2, 'two']]);
  });

  it('that ends inside a hunk is reported, and what was there is kept', () => {
    const { files, problems } = parseDiff('--- a/x\n+++ b/x\n@@ -1,3 +1,9 @@\n a\n+b\n');
    expect(problems).toEqual([{ line: 5, message: 'a hunk is shorter than its header says' }]);
    expect(added(files[0])).toEqual([[2, 'b']]);
  });

  it('with a broken hunk header is reported', () => {
    expect(parseDiff('--- a/x\n+++ b/x\n@@ nonsense @@\n+b\n').problems).toEqual([{ line: 3, message: 'a hunk header cannot be read' }]);
  });

  it('never throws, whatever it is', () => {
    const piece = fc.constantFrom('diff --git ', 'a/x b/x', '"a/\\', '\\303"', '--- ', '+++ ', '@@ -1,2 +1,2 @@', '@@@ -1 -1 +1 @@@', '\n', '+', '-', ' ', 'rename from ', '"', '\0', '/dev/null', '9'.repeat(30));
    fc.assert(fc.property(fc.array(piece, { maxLength: 60 }), (pieces) => void parseDiff(pieces.join(''))), { numRuns: 2_000 });
  });

  it('of a megabyte on one line is no burden', () => {
    for (const line of ['diff --git ', 'diff --git "', '@@ -', '--- "', '+++ b/', 'rename from "']) {
      for (const filler of ['"\\', ' b/', '-1 ', 'x', '" "']) parseDiff(`${line}${filler.repeat(1_000_000 / filler.length)}\n`);
    }
  });
});

it('agrees with itself on this repository’s own kind of file', () => {
  const source = readFileSync(new URL('./parse-diff.ts', import.meta.url), 'utf8');
  write('source.ts', source);
  git('add', 'source.ts');
  const { files } = parseDiff(git('diff', '--cached', '--', 'source.ts'));
  expect(added(files[0]).map(([, text]) => `${text}\n`).join('')).toBe(source);
});
