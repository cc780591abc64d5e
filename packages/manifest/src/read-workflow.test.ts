import { readdirSync, readFileSync } from 'node:fs';

import { contentDigest } from '@kb-labs/digest';
import { LIMITS } from '@kb-labs/contracts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { PROBLEM_CAP } from './located.js';
import { readWorkflow } from './read-workflow.js';

const MINIMAL = 'id: sample\njobs:\n  main:\n    steps:\n      - uses: a/b:c\n';
const FOLDER = new URL('../../../tooling/fixtures/diagnostics/', import.meta.url);
const DOCUMENTS = readdirSync(FOLDER)
  .filter((name) => /(?<!expected)\.(yml|json)$/.test(name) && name !== 'commands.json')
  .map((name) => ({ file: name, text: readFileSync(new URL(name, FOLDER), 'utf8') }));

function read(text: string, file = 'a.yml') {
  return readWorkflow({ text, file });
}

function codes(text: string, file?: string): string[] {
  return read(text, file).diagnostics.map((diagnostic) => diagnostic.code);
}

describe('readWorkflow', () => {
  it('gives the workflow as written, without defaults', () => {
    const result = read(MINIMAL);
    expect(result).toMatchObject({ ok: true, diagnostics: [], value: { file: 'a.yml', text: MINIMAL } });
    expect(result.ok && result.value.workflow).toEqual({ id: 'sample', jobs: { main: { steps: [{ uses: 'a/b:c' }] } } });
  });

  it('gives YAML and JSON of the same value the same digest, and of another value another', () => {
    const data = { id: 'sample', jobs: { main: { steps: [{ uses: 'a/b:c' }] } } };
    const digests = [read(MINIMAL), read(JSON.stringify(data), 'a.json'), read('\ufeff# note\njobs: {main: {steps: [{"uses": a/b:c}]}}\r\nid: "sample"\r\n')].map((one) => one.ok && one.value.digest);
    expect(new Set(digests)).toEqual(new Set([contentDigest('workflow', data)]));
    expect(read(MINIMAL.replace('sample', 'sampel'))).not.toMatchObject({ value: { digest: digests[0] } });
  });

  it('places what later checks find, also inside texts and beside what exists', () => {
    const result = read('id: sample\njobs:\n  main:\n    steps:\n      - uses: a/b:c\n        with:\n          x: |\n            one\n            two three\n');
    if (!result.ok) throw new Error('not read');
    const { locate } = result.value;
    const at = (path: (string | number)[], extra = {}) => locate({ code: 'INTERNAL', message: 'm', path, ...extra });
    const x = ['jobs', 'main', 'steps', 0, 'with', 'x'];
    expect(at(x, { offset: 8 })).toEqual({ code: 'INTERNAL', severity: 'error', message: 'm', file: 'a.yml', line: 9, column: 17, path: 'jobs.main.steps[0].with.x' });
    expect(at(x, { atKey: true })).toMatchObject({ line: 7, column: 11 });
    expect(at(x)).toMatchObject({ line: 7, column: 14 });
    expect(at(['jobs', 'main', 'needs', 3])).toMatchObject({ line: 3, column: 3, path: 'jobs.main.needs[3]' });
    expect(at(['jobs', 'main', 'steps', 7])).toMatchObject({ line: 4, column: 5 });
    expect(at([], { severity: 'warning', hint: 'h' })).toMatchObject({ line: 1, column: 1, severity: 'warning', hint: 'h', path: '' });
  });

  it('lets warnings come with a value', () => {
    const result = read(`name: \${{ x }}\n${MINIMAL}`);
    expect(result.ok).toBe(true);
    expect(result.diagnostics).toMatchObject([{ severity: 'warning', line: 1, column: 7 }]);
  });

  it('reports at most a hundred problems', () => {
    const many = Array.from({ length: 300 }, (_, index) => `zzz${String(index)}: 1\n`).join('');
    expect(read(MINIMAL + many).diagnostics.length).toBe(PROBLEM_CAP);
  });

  it('takes no name of a prototype for a key it knows', () => {
    for (const name of ['toString', 'constructor', 'hasOwnProperty', 'valueOf']) {
      expect(codes(`${MINIMAL}${name}: 1\n`)).toEqual(['UNKNOWN_KEY']);
      expect(codes(MINIMAL.replace('main', name))).toEqual([]);
      expect(codes(MINIMAL.replace('a/b:c', `a/b:c\n        with: { ${name}: "\${{ steps.${name}.outputs.x }}" }\n        env: { ${name}: x }`))).toEqual([]);
    }
  });
});

describe('the limits', () => {
  it('on the size of a document count bytes', () => {
    const padded = (bytes: number): string => `${MINIMAL}# €${'x'.repeat(bytes - MINIMAL.length - 5)}`;
    expect(Buffer.byteLength(padded(LIMITS.documentBytes))).toBe(LIMITS.documentBytes);
    expect(codes(padded(LIMITS.documentBytes - 1))).toEqual([]);
    expect(codes(padded(LIMITS.documentBytes))).toEqual([]);
    expect(codes(padded(LIMITS.documentBytes + 1))).toEqual(['DOCUMENT_TOO_LARGE']);
  });

  it('on depth count lists and mappings alike, in YAML and JSON', () => {
    // Six levels lead to the value of `x`.
    const nested = (levels: number) => '['.repeat(levels - 6) + ']'.repeat(levels - 6);
    const yaml = (levels: number) => MINIMAL.replace('a/b:c', `a/b:c\n        with: { x: ${nested(levels)} }`);
    const block = (levels: number) => MINIMAL.replace('a/b:c', `a/b:c\n        with:\n          x:\n            ${'- '.repeat(levels - 6)}x`);
    const json = (levels: number) => `{"id":"sample","jobs":{"main":{"steps":[{"uses":"a/b:c","with":{"x":${nested(levels)}}}]}}}`;
    for (const write of [yaml, block]) {
      expect(codes(write(LIMITS.documentDepth - 1))).toEqual([]);
      expect(codes(write(LIMITS.documentDepth))).toEqual([]);
      expect(codes(write(LIMITS.documentDepth + 1))).toEqual(['DOCUMENT_TOO_DEEP']);
    }
    expect(codes(json(LIMITS.documentDepth), 'a.json')).toEqual([]);
    expect(codes(json(LIMITS.documentDepth + 1), 'a.json')).toEqual(['DOCUMENT_TOO_DEEP']);
  });

  it('on the number of values count keys, values, lists and mappings', () => {
    // Eight keys, two texts, four mappings and two lists are there before the items.
    const json = (nodes: number) => `{"id":"s","jobs":{"m":{"steps":[{"uses":"a/b:c","with":{"x":[${'1,'.repeat(nodes - 17)}1]}}]}}}`;
    const edge = LIMITS.documentNodes;
    for (const file of ['a.json', 'a.yml']) {
      expect(codes(json(edge - 1), file)).toEqual([]);
      expect(codes(json(edge), file)).toEqual([]);
      expect(codes(json(edge + 1), file)).toEqual(['DOCUMENT_TOO_LARGE']);
    }
  });

  it('on jobs and steps', () => {
    const jobs = (count: number) => `id: s\njobs:\n${Array.from({ length: count }, (_, index) => `  j${String(index)}: {steps: [{uses: "a/b:c"}]}\n`).join('')}`;
    const steps = (count: number) => `id: s\njobs:\n  m:\n    steps:\n${'      - uses: a/b:c\n'.repeat(count)}`;
    for (const [write, limit] of [
      [jobs, LIMITS.jobs],
      [steps, LIMITS.stepsPerJob],
    ] as const) {
      expect(codes(write(limit - 1))).toEqual([]);
      expect(codes(write(limit))).toEqual([]);
      expect(codes(write(limit + 1))).toEqual(['INVALID_VALUE']);
    }
  });

  it('on the combinations of a matrix, and on all jobs of a run', () => {
    const list = (count: number) => `[${Array.from({ length: count }, (_, index) => String(index)).join(', ')}]`;
    const matrix = (count: number) => MINIMAL.replace('main:\n', `main:\n    strategy: { matrix: { n: ${list(count)} } }\n`);
    const edge = LIMITS.matrixCombinations;
    expect(codes(matrix(edge))).toEqual([]);
    expect(codes(matrix(edge + 1))).toEqual(['MATRIX_INVALID']);
    expect(readWorkflow({ text: matrix(edge + 1), file: 'a.yml' }, { matrixLimit: edge + 1 }).ok).toBe(true);
    expect(readWorkflow({ text: matrix(edge + 2), file: 'a.yml' }, { matrixLimit: edge + 1 }).ok).toBe(false);

    const square = (more: string) => `id: s\njobs:\n  all: { strategy: { matrix: { a: ${list(100)}, b: ${list(LIMITS.jobsAfterMatrix / 100)} } }, steps: [{ uses: "a/b:c" }] }\n${more}`;
    const options = { matrixLimit: LIMITS.jobsAfterMatrix };
    expect(readWorkflow({ text: square(''), file: 'a.yml' }, options).ok).toBe(true);
    const tooMany = readWorkflow({ text: square('  two: { strategy: { matrix: { a: [1] } }, steps: [{ uses: "a/b:c" }] }\n'), file: 'a.yml' }, options);
    expect(tooMany.diagnostics).toMatchObject([{ code: 'MATRIX_INVALID', path: 'jobs.two.strategy.matrix' }]);
  });

  it('on axes', () => {
    const axes = (count: number) => MINIMAL.replace('main:\n', `main:\n    strategy: { matrix: { ${Array.from({ length: count }, (_, index) => `a${String(index)}: [1]`).join(', ')} } }\n`);
    expect(codes(axes(LIMITS.matrixAxes))).toEqual([]);
    expect(codes(axes(LIMITS.matrixAxes + 1))).toEqual(['MATRIX_INVALID']);
  });

  it('on the steps of a hook', () => {
    const hook = (count: number) => MINIMAL.replace('main:\n', `main:\n    hooks:\n      post:\n${'        - uses: a/b:c\n'.repeat(count)}`);
    expect(codes(hook(LIMITS.stepsPerJob))).toEqual([]);
    expect(codes(hook(LIMITS.stepsPerJob + 1))).toEqual(['INVALID_VALUE']);
  });

  it('on retries and times', () => {
    const step = (field: string) => MINIMAL.replace('a/b:c', `a/b:c\n        ${field}`);
    const edges: [string, boolean][] = [
      [`retry: { max: ${String(LIMITS.retries)} }`, true],
      [`retry: { max: ${String(LIMITS.retries + 1)} }`, false],
      [`retry: { max: 1, cap: ${String(LIMITS.retryCapMs)}ms }`, true],
      [`retry: { max: 1, cap: ${String(LIMITS.retryCapMs + 1)}ms }`, false],
      [`timeout: ${String(LIMITS.timeoutMaxMs)}ms`, true],
      [`timeout: ${String(LIMITS.timeoutMaxMs + 1)}ms`, false],
    ];
    for (const [field, accepted] of edges) expect(read(step(field)).ok, field).toBe(accepted);
    const sleep = (ms: number) => MINIMAL.replace('a/b:c', `builtin:sleep\n        with: { for: ${String(ms)}ms }`);
    const run = (ms: number) => `${MINIMAL}timeout: ${String(ms)}ms\n`;
    for (const write of [sleep, run]) expect([read(write(LIMITS.waitMaxMs)).ok, read(write(LIMITS.waitMaxMs + 1)).ok]).toEqual([true, false]);
  });
});

describe('any text at all', () => {
  it('is read without an exception, and every problem has a place in it', () => {
    const yamlish = fc.array(fc.constantFrom('id: a', 'jobs:', '  ', '\n', '- ', '? ', ': ', '[', ']', '{', '}', ',', '|', '>', '"', "'", '\\', '#', '&a', '*a', '!t', '%Y', '---', '...', '\t', '${{', '}}', 'x', '1', '~', '\r', '\ufeff', '<<', '__proto__'), { maxLength: 40 });
    const texts = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 60 }),
      yamlish.map((pieces) => pieces.join('')),
    );
    fc.assert(
      fc.property(texts, fc.constantFrom('a.yml', 'a.json'), (text, file) => {
        checkTotal(text, file);
      }),
      { numRuns: 1_500 },
    );
  });

  it('that was a document before someone changed it, too', () => {
    const noise = fc.constantFrom('', ' ', '\n', '\t', ':', '- ', '"', "'", '{', '}', '[', ']', '${{', '}}', '|', '&x ', '!x ', '\\', '\u0000', '\ud800', 'x', ': 1\n');
    fc.assert(
      fc.property(fc.constantFrom(...DOCUMENTS), fc.array(fc.tuple(fc.nat(), fc.nat(6), noise), { minLength: 1, maxLength: 3 }), ({ text, file }, edits) => {
        let changed = text;
        for (const [where, length, piece] of edits) {
          const at = where % (changed.length + 1);
          changed = changed.slice(0, at) + piece + changed.slice(at + length);
        }
        checkTotal(changed, file);
      }),
      { numRuns: 700 },
    );
  });
});

function checkTotal(text: string, file: string): void {
  const result = readWorkflow({ text, file });
  const lines = text.replace(/^\ufeff/, '').split('\n');
  expect(result.ok || result.diagnostics.some((diagnostic) => diagnostic.severity === 'error')).toBe(true);
  for (const { line, column } of result.diagnostics) {
    expect(line).toBeGreaterThanOrEqual(1);
    expect(column).toBeGreaterThanOrEqual(1);
    expect(column - 1).toBeLessThanOrEqual((lines[line - 1] ?? '').length);
  }
  expect(Object.hasOwn(Object.prototype, 'polluted')).toBe(false);
}
