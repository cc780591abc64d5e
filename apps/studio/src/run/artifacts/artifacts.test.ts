import type { ArtifactView } from '@kb-labs/contracts';
import { describe, expect, it } from 'vitest';

import { addressOf, findArtifact } from './artifact-address.js';
import { indentJson } from './indent-json.js';
import { lookOf } from './look-of.js';
import { fileText, readDiff } from './read-diff.js';
import { compareSeverities, isGrave, issuesByFile, readIssues } from './read-issues.js';
import { compareCells, readTable } from './read-table.js';

const artifact = (name: string, job: string, step: string | null): ArtifactView => ({ name, type: 'text', label: null, digest: 'sha256:0', bytes: 1, job, step });
const bytes = (...parts: (string | readonly number[])[]): Uint8Array<ArrayBuffer> => new Uint8Array(parts.flatMap((part) => (typeof part === 'string' ? [...new TextEncoder().encode(part)] : part)));

describe('the address of an artifact', () => {
  const all = [artifact('a.txt', 'x', 's'), artifact('a.txt', 'y', 's'), artifact('b.txt', 'x', null)];
  it('is its name, or with job and step before it when a later one has the name', () => {
    expect(all.map((each) => addressOf(each, all))).toEqual(['x/s/a.txt', 'a.txt', 'b.txt']);
  });
  it('leads back to it', () => {
    for (const each of all) expect(findArtifact(addressOf(each, all), all)).toBe(each);
    expect(findArtifact('c.txt', all)).toBeUndefined();
  });
  it('may be its place as well when its name alone would do', () => {
    expect(findArtifact('y/s/a.txt', all)).toBe(all[1]);
    expect(findArtifact('x/b.txt', all)).toBe(all[2]);
  });
});

describe('how an artifact looks', () => {
  it.each([
    ['image/png', bytes([0x89], 'PNG\r\n', [0x1a, 0x0a, 0, 0])],
    ['image/jpeg', bytes([0xff, 0xd8, 0xff, 0xe0])],
    ['image/gif', bytes('GIF89a')],
    ['image/webp', bytes('RIFF', [1, 2, 3, 4], 'WEBPVP8 ')],
  ])('is a picture when its bytes are %s, whatever type it has', (mime, head) => {
    expect(lookOf('markdown', { bytes: head, whole: true })).toEqual({ as: 'image', mime });
    expect(lookOf('file', { bytes: head, whole: false })).toMatchObject({ as: 'nothing' });
  });

  it.each([
    ['SVG, which can hold scripts', '<svg xmlns="http://www.w3.org/2000/svg"><script>1</script></svg>'],
    ['HTML', '<!doctype html><script>1</script>'],
    ['a name and nothing else', 'RIFF'],
  ])('is no picture when it is %s', (_name, text) => {
    expect(lookOf('file', { bytes: bytes(text), whole: true })).toMatchObject({ as: 'nothing' });
    expect(lookOf('text', { bytes: bytes(text), whole: true })).toEqual({ as: 'lines', text });
  });

  it('does not take bytes for text', () => {
    expect(lookOf('log', { bytes: bytes([65, 0, 66]), whole: true })).toMatchObject({ as: 'nothing' });
    expect(lookOf('log', { bytes: bytes(), whole: true })).toEqual({ as: 'nothing', why: 'It is empty.' });
  });

  it('leaves out a character that was cut', () => {
    expect(lookOf('text', { bytes: bytes('né').slice(0, 2), whole: false })).toEqual({ as: 'lines', text: 'n' });
    expect(lookOf('text', { bytes: bytes('né').slice(0, 2), whole: true })).toEqual({ as: 'lines', text: 'n\uFFFD' });
  });
});

describe('a table', () => {
  it.each([
    ['a,b\n1,2\n', ['a', 'b'], [['1', '2']]],
    ['a;b\r\n1,5;2\r\n', ['a', 'b'], [['1,5', '2']]],
    ['a\tb\n\n1\t\n', ['a', 'b'], [['1', '']]],
    ['\uFEFF"a ""x""","b\nc"\n"1,2",3"', ['a "x"', 'b\nc'], [['1,2', '3"']]],
    ['[{"a":1},{"b":[2],"a":null}]', ['a', 'b'], [['1', ''], ['', '[2]']]],
    ['[["a","b"],[1,true]]', ['a', 'b'], [['1', 'true']]],
    ['{"columns":["a"],"rows":[[1]]}', ['a'], [['1']]],
    ['{"rows":[{"a":"x"}]}', ['a'], [['x']]],
    ['[not json, really\n1,2', ['[not json', ' really'], [['1', '2']]],
  ])('is read from %j', (text, columns, rows) => {
    expect(readTable(text)).toEqual({ columns, rows, left: 0 });
  });

  it('is not there when there is one cell', () => {
    expect(readTable('hello')).toBeUndefined();
    expect(readTable('')).toBeUndefined();
  });

  it('has no more columns than can be drawn', () => {
    const { columns, rows, left } = readTable(`${'a,'.repeat(5_000)}a\n${'1,'.repeat(5_000)}1`) ?? { columns: [], rows: [], left: 0 };
    expect([columns.length, rows[0]?.length, left]).toEqual([200, 200, 4_801]);
    const odd = readTable(JSON.stringify(Array.from({ length: 300 }, (_, n) => ({ [`k${String(n)}`]: n }))));
    expect([odd?.columns.length, odd?.rows[0]?.length, odd?.left]).toEqual([200, 200, 100]);
  });

  it('takes nothing from the chain of an object', () => {
    expect(readTable('[{"__proto__":{"polluted":1},"toString":"x"}]')).toMatchObject({ columns: ['__proto__', 'toString'] });
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });

  it('is sorted by number where cells are numbers', () => {
    expect(['10', '9', '1e2', 'b', 'a2', 'a10', ''].toSorted(compareCells)).toEqual(['', '9', '10', '1e2', 'a2', 'a10', 'b']);
  });
});

describe('JSON', () => {
  it.each([
    ['{"a":[1,{"b":null}],"c":{},"d":[]}', '{\n  "a": [\n    1,\n    {\n      "b": null\n    }\n  ],\n  "c": {},\n  "d": []\n}'],
    ['  [ 1 ,\n2 ]\n', '[\n  1,\n  2\n]'],
    ['"a: [1, {\\"b"', '"a: [1, {\\"b"'],
  ])('%j is indented', (text, indented) => {
    expect(indentJson(text)).toBe(indented);
  });
  it('keeps what a parser would change: large numbers, keys that come twice', () => {
    expect(indentJson('{"a":12345678901234567890,"a":1.0}')).toBe('{\n  "a": 12345678901234567890,\n  "a": 1.0\n}');
  });
  it('does not grow without end when it is nested without end', () => {
    expect(indentJson('['.repeat(20_000)).length).toBeLessThan(3_000_000);
  });
});

describe('issues', () => {
  const text = JSON.stringify([
    { file: 'b.ts', line: 9, column: 2, severity: 'warning', rule: 'x', message: 'late' },
    { file: 'b.ts', line: 3, severity: 'Error', rule: 'y', message: 'early' },
    { file: 'a.ts', line: 0, severity: 'odd', message: 'whole file' },
    {},
  ]);
  it('are read with what they have', () => {
    expect(readIssues(text)).toMatchObject([{ line: 9, column: 2 }, { severity: 'error', column: null }, { line: null, rule: '' }, { file: '', severity: 'unknown', message: '' }]);
    expect(readIssues(`{"findings":${text}}`)).toHaveLength(4);
    expect(readIssues('{"issues":1}')).toBeUndefined();
    expect(readIssues('[1]')).toBeUndefined();
    expect(readIssues('nonsense')).toBeUndefined();
  });
  it('stand by file and line, those that are asked for', () => {
    const issues = readIssues(text) ?? [];
    expect(issuesByFile(issues, { words: '', severity: null }).map(([file, own]) => [file, own.map(({ line }) => line)])).toEqual([['b.ts', [3, 9]], ['a.ts', [null]], ['', [null]]]);
    expect(issuesByFile(issues, { words: 'LATE', severity: null })).toHaveLength(1);
    expect(issuesByFile(issues, { words: '', severity: 'error' })).toMatchObject([['b.ts', [{ message: 'early' }]]]);
    expect(['info', 'odd', 'error', 'critical', 'warning'].toSorted(compareSeverities)).toEqual(['critical', 'error', 'warning', 'info', 'odd']);
    expect(['high', 'warning', 'odd'].map(isGrave)).toEqual([true, false, false]);
  });
});

describe('a diff', () => {
  const GIT = ['diff --git a/one.ts b/one.ts', 'index 1..2 100644', '--- a/one.ts', '+++ b/one.ts', '@@ -4,2 +4,3 @@ function f() {', ' same', '-gone', '+come', '+--- not a file', 'diff --git a/two b/two', 'new file mode 100644', '--- /dev/null', '+++ b/two', '@@ -0,0 +1 @@', '+x', '\\ No newline at end of file', 'diff --git a/old b/new', 'rename from old', 'rename to new', ''];
  const rows = readDiff(GIT.join('\n'));
  it('is read file by file', () => {
    const files = rows.filter((row) => row.kind === 'file');
    expect(files.map(fileText)).toEqual(['one.ts', 'two (new)', 'old → new']);
    expect(files.map(({ added, removed }) => [added, removed])).toEqual([[2, 1], [1, 0], [0, 0]]);
  });
  it('numbers its lines, and takes nothing in a file for the head of another', () => {
    expect(rows.flatMap((row) => ('before' in row ? [[row.kind, row.before, row.after, row.text]] : []))).toEqual([
      ['same', 4, 4, 'same'],
      ['removed', 5, null, 'gone'],
      ['added', null, 5, 'come'],
      ['added', null, 6, '--- not a file'],
      ['added', null, 1, 'x'],
    ]);
  });
  it('without git has its names from its heads', () => {
    const plain = readDiff('--- a/x\t2026\n+++ b/x\t2026\n@@ -1 +1 @@\n-a\n+b\n--- y\n+++ /dev/null\n@@ -1 +0,0 @@\n-c\n');
    expect(plain.filter((row) => row.kind === 'file').map(fileText)).toEqual(['x', 'y (removed)']);
  });
  it('that was cut, or is none, is shown as far as it goes', () => {
    expect(readDiff('@@ -1,9 +1,9 @@\n a').map(({ kind }) => kind)).toEqual(['file', 'place', 'same']);
    expect(readDiff('hello')).toEqual([{ kind: 'note', text: 'hello' }]);
  });
});
