import { readFileSync } from 'node:fs';

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { type Format, FORMATS } from '../checks/names.js';
import { findPlace, relativeTo } from './find-place.js';
import { readReport } from './read-report.js';
import { MAX_ISSUES, type Report } from './report.js';

const toRelative = relativeTo('/project', '.');
const fixture = (name: string): string => readFileSync(new URL(`../fixtures/${name}`, import.meta.url), 'utf8');
const read = (text: string, format: Format): Report => readReport(text, format, toRelative);
const expected = JSON.parse(fixture('expected.json')) as Readonly<Record<string, Report>>;

describe('a report of a real run', () => {
  it.each([
    ['vitest.json', 'vitest-json'],
    ['vitest.junit.xml', 'junit'],
    ['jest.json', 'jest-json'],
    ['mocha.xunit.xml', 'junit'],
    ['node.junit.xml', 'junit'],
    ['node.tap', 'tap'],
    ['tsc.txt', 'tsc'],
    ['eslint.json', 'eslint-json'],
  ] as const)('%s is read', (name, format) => {
    expect(read(fixture(name), format)).toEqual(expected[name]);
  });

  it.each(['vitest.json', 'vitest.junit.xml', 'jest.json', 'mocha.xunit.xml', 'node.junit.xml', 'node.tap'])('%s has the failing test in line 5 of its file', (name) => {
    expect(expected[name]?.issues).toContainEqual(expect.objectContaining({ file: expect.stringMatching(/a\.(?:test\.)?m?js$/) as string, line: 5, rule: 'test-failed' }));
  });

  it.each([['vitest.json', 'vitest-json'], ['vitest.junit.xml', 'junit'], ['eslint.json', 'eslint-json']] as const)('%s cut off says so', (name, format) => {
    const text = fixture(name);
    expect(read(text.slice(0, text.length / 2), format).problem).toEqual(expect.any(String));
  });
});

describe('a hostile report', () => {
  it.each([
    ['entities that grow', '<!DOCTYPE t [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;">]><testsuite><testcase name="&b;"/></testsuite>', 'document type'],
    ['an external entity', '<!DOCTYPE t [<!ENTITY a SYSTEM "file:///etc/passwd">]><testsuite><testcase name="&a;"/></testsuite>', 'document type'],
    ['an entity without a declaration', '<testsuite><testcase name="&nothing;"/></testsuite>', 'entity'],
    ['deep elements', `<testsuite>${'<a>'.repeat(100_000)}`, 'nested more than 64'],
    ['another root', '<html><body/></html>', 'the root is <html>'],
    ['two roots', '<testsuite></testsuite><testsuite></testsuite>', 'root'],
    ['nothing', '', 'root'],
    ['no XML', '{"a":1}', 'text data outside'],
  ])('%s is refused', (_, text, words) => {
    expect(read(text, 'junit').problem).toContain(words);
  });

  it('of XML gives what stands before the break', () => {
    const report = read('<testsuite><testcase name="one"/><testcase name="two"><failure>no</failure></testcase><testcase', 'junit');
    expect(report).toMatchObject({ passed: 1, failed: 1, issues: [{ message: 'two: no' }], problem: expect.any(String) as string });
  });

  it('of a million tests keeps so many issues, cut, and counts all', () => {
    const one = `<testcase name="t"><failure message="${'x'.repeat(100)}"/></testcase>`;
    const report = read(`<testsuite>${one.repeat(MAX_ISSUES + 5)}<testcase><failure>${'y'.repeat(1_000_000)}</failure></testcase></testsuite>`, 'junit');
    expect(report).toMatchObject({ failed: MAX_ISSUES + 6, counts: { error: MAX_ISSUES + 6, warning: 0 } });
    expect(report.issues).toHaveLength(MAX_ISSUES);
    expect(read(`<testsuite><testcase><failure>${'y'.repeat(1_000_000)}</failure></testcase></testsuite>`, 'junit').issues[0]?.message).toHaveLength(4_000);
  });

  it.each([
    ['vitest-json', '[]', 'testResults'],
    ['jest-json', 'null', 'testResults'],
    ['eslint-json', '{}', 'no list'],
    ['jest-json', '['.repeat(200_000), ''],
    ['tap', 'Segmentation fault', 'no results of TAP'],
  ] as const)('of %s: %.20s', (format, text, words) => {
    expect(read(text, format).problem).toContain(words);
  });

  it('of any shape never throws, and counts what it keeps', () => {
    const odd = fc.jsonValue().map((value) => JSON.stringify(value));
    const almost = fc.json().map((text) => `{"testResults":[{"name":5,"assertionResults":${text},"status":"failed"}]}`);
    const lines = fc.array(fc.constantFrom('ok 1 - a', '    not ok 2 - b # TODO', 'not ok', '  ---', '---', '...', '1..3', 'Bail out!', '        ok', 'a(1,2): error TS1: x', '  more', '<testsuite>', '<testcase>', '</testcase>')).map((all) => all.join('\n'));
    fc.assert(
      fc.property(fc.oneof(odd, almost, lines, fc.string()), fc.constantFrom(...FORMATS), (text, format) => {
        const report = read(text, format);
        expect(report.counts.error + report.counts.warning).toBe(report.issues.length);
        for (const { file, line, column } of report.issues) expect(file !== '' && line >= 0 && column >= 0).toBe(true);
      }),
    );
  });

  it.each([
    ['jest-json', (size: number) => JSON.stringify({ testResults: [{ name: '/project/a', status: 'failed', assertionResults: [{ status: 'failed', title: 't', failureMessages: ['\n'.repeat(size)] }] }] })],
    ['jest-json', (size: number) => JSON.stringify({ testResults: [{ name: '/project/a', status: 'failed', message: `${'@('.repeat(size)}:1:2` }] })],
    ['junit', (size: number) => `<testsuite>${`<testcase><failure>${`${'@'.repeat(1_990)}:1:2\n`.repeat(8)}</failure></testcase>`.repeat(size / 16_000)}</testsuite>`],
    ['tap', (size: number) => `not ok 1\n  ---\n  error:${' '.repeat(size / 4)}\n  location: ${':1'.repeat(size / 4)}x\n  ...`],
    ['tap', (size: number) => Array.from({ length: Math.sqrt(size) }, (_, at) => `${' '.repeat(at)}ok`).join('\n')],
    ['tsc', (size: number) => 'a('.repeat(size / 2)],
  ] as const)('of %s needs work in proportion to its size, for texts that break backtracking', (format, make) => {
    // An expression that backtracks would not end in the life of this test.
    const { issues, counts } = read(make(4_000_000), format);
    expect(issues).toHaveLength(counts.error);
  });

  it('takes away colours and control characters', () => {
    expect(read('a.ts(1,2): error TS1: \u001B[31mred\u001B[0m\u0007', 'tsc').issues[0]?.message).toBe('red');
  });
});

describe('TAP', () => {
  it.each([
    ['a plain stream', '1..3\nok 1 - a\nnot ok 2 - b\nok 3 - c # SKIP why', { passed: 1, failed: 1, skipped: 1 }],
    ['fewer results than planned', '1..3\nok 1\nok 2', { passed: 2, failed: 1, skipped: 0 }],
    ['a test that fails by itself after its subtests passed', '    ok 1 - in\n    1..1\nnot ok 1 - out\n1..1', { passed: 1, failed: 1, skipped: 0 }],
    ['two levels', '        not ok 1 - deep\n        1..1\n    not ok 1 - middle\n    1..1\nnot ok 1 - top\n1..1', { passed: 0, failed: 1, skipped: 0 }],
    ['an end before its time', 'ok 1 - a\nBail out! no database', { passed: 1, failed: 0, skipped: 0 }],
    ['a version without tests', 'TAP version 14\n1..0 # skip nothing', { passed: 0, failed: 0, skipped: 0 }],
  ])('of %s', (_, text, counts) => {
    expect(read(text, 'tap')).toMatchObject(counts);
  });

  it('that is ended says why', () => {
    expect(read('Bail out! no database', 'tap').issues).toMatchObject([{ rule: 'bail-out', message: 'Bail out! no database' }]);
  });
});

describe('a place', () => {
  it.each([
    ['    at f (/project/src/a.ts:3:4)', { file: 'src/a.ts', line: 3, column: 4 }],
    ['    at file:///project/src/a%20b.ts:3:4', { file: 'src/a b.ts', line: 3, column: 4 }],
    [' ❯ src/a.ts:3:4', { file: 'src/a.ts', line: 3, column: 4 }],
    ['    at f (/elsewhere/a.ts:3:4)', undefined],
    ['    at f (/project/node_modules/x/a.ts:3:4)', undefined],
    ['    at f (node:internal/test:1:2)', undefined],
    ['    at f (../../etc/a.ts:1:2)', undefined],
    ['at 10:20:30', undefined],
  ])('of %j', (stack, place) => {
    expect(findPlace(stack, toRelative)).toEqual(place);
  });

  it('is relative to the workspace, wherever the tool ran', () => {
    const inPackage = relativeTo('/project', 'packages/a');
    expect(['src/x.ts', '../b/x.ts', '/project/packages/a/y.ts', '/other/z.ts', 'file:///project/q.ts', ''].map(inPackage)).toEqual(['packages/a/src/x.ts', 'packages/b/x.ts', 'packages/a/y.ts', '/other/z.ts', 'q.ts', '.']);
  });
});
