import { existsSync } from 'node:fs';
import { join } from 'node:path';

import type { Diagnostic, Page, RunSummaryView } from '@kb-labs/contracts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { Project } from './project.fixture.js';

interface Refusal {
  readonly name: string;
  readonly text: string;
  /** `line:column CODE` of every diagnostic. */
  readonly expected: readonly string[];
}

const refusals: Refusal[] = [
  {
    name: 'a circle of needs',
    text: `id: w
permissions: { shell: true }
jobs:
  a:
    needs: c
    steps: [{ run: touch ran }]
  b:
    needs: a
    steps: [{ run: touch ran }]
  c:
    needs: [b]
    steps: [{ run: touch ran }]
`,
    expected: ['8:12 NEEDS_CYCLE'],
  },
  {
    name: 'a need that is no job',
    text: `id: w
permissions: { shell: true }
jobs:
  build:
    steps: [{ run: touch ran }]
  test:
    needs: [build, biuld]
    steps: [{ run: touch ran }]
`,
    expected: ['7:20 NEEDS_UNKNOWN'],
  },
  {
    name: 'a step that an expression does not know',
    text: `id: w
permissions: { shell: true }
jobs:
  a:
    steps:
      - { id: first, run: touch ran }
      - run: |
          echo start
          echo "\${{ steps.frist.outputs.stdout }}"
`,
    expected: ['9:21 EXPRESSION_REFERENCE'],
  },
  {
    name: 'a value of the wrong type, an unknown one and a missing one in `with`',
    text: `id: w
jobs:
  a:
    steps:
      - uses: "@kb-labs/ai-review-plugin/review:run"
        with:
          diff: 12
      - uses: "@kb-labs/commit-plugin/git:diff"
        with:
          bsae: main
`,
    expected: ['7:17 WITH_INVALID', '10:11 WITH_INVALID'],
  },
  {
    name: 'a script without the permission',
    text: `id: w
jobs:
  a:
    steps:
      - run: touch ran
`,
    expected: ['5:9 SHELL_NOT_PERMITTED'],
  },
  {
    name: 'a variable that is the engine\'s own',
    text: `id: w
permissions: { shell: true }
env: { KB_RUN_ID: forged }
jobs:
  a:
    steps: [{ run: touch ran, env: { KB_EXPR_1: forged } }]
`,
    expected: ['3:8 INVALID_VALUE', '6:38 INVALID_VALUE'],
  },
  {
    name: 'a key written twice',
    text: `id: w
permissions: { shell: true }
jobs:
  a:
    steps: [{ run: touch ran }]
  a:
    steps: [{ run: touch ran }]
`,
    expected: ['6:3 DUPLICATE_KEY'],
  },
  {
    name: 'three mistakes of different kinds',
    text: `id: w
permissions: { shell: yes }
job:
  a: 1
jobs:
  a:
    timout: 3m
    steps: [{ run: touch ran }]
`,
    expected: ['2:23 WRONG_TYPE', '3:1 UNKNOWN_KEY', '7:5 UNKNOWN_KEY'],
  },
];

const bombs: Record<string, string> = {
  'aliases that multiply': `a: &a [x,x,x,x,x,x,x,x]\n${Array.from({ length: 9 }, (_, n) => `b${n}: &b${n} [${Array.from({ length: 8 }, () => (n === 0 ? '*a' : `*b${n - 1}`)).join(',')}]`).join('\n')}\n`,
  'a hundred thousand brackets': `id: w\njobs: ${'['.repeat(100_000)}`,
  'deep block lists': `id: w\njobs:\n${Array.from({ length: 400 }, (_, n) => `${' '.repeat(n)}-`).join('\n')}`,
  'more bytes than a document may have': `id: w\n# ${'x'.repeat(300_000)}\n`,
};

const project = new Project();
beforeAll(() => project.write('.kb/workflows/ok.yml', 'id: ok\npermissions: { shell: true }\njobs: { a: { steps: [{ run: "true" }] } }\n'));
afterAll(() => project.remove());

interface Refused {
  readonly code: string;
  readonly details: { readonly diagnostics: readonly Diagnostic[] };
}

describe('kb workflow:run refuses before anything runs', () => {
  it.each(refusals)('$name', async ({ text, expected }) => {
    project.write('.kb/workflows/w.yml', text);
    const answer = await project.kb('workflow:run', '--workflow-id=w', '--json');
    expect(answer.code).toBe(2);
    const refused = JSON.parse(answer.stdout) as Refused;
    expect(refused.code).toBe('WORKFLOW_INVALID');
    expect(refused.details.diagnostics.map((one) => `${one.line}:${one.column} ${one.code}`)).toEqual(expected);
    expect(existsSync(join(project.dir, 'ran'))).toBe(false);
    expect((await project.json<Page<RunSummaryView>>('workflow:list-runs')).items).toEqual([]);

    const people = await project.kb('workflow:validate', '.kb/workflows/w.yml');
    expect(people.code).toBe(2);
    for (const place of expected) expect(people.stdout + people.stderr).toContain(`.kb/workflows/w.yml:${place.split(' ')[0] ?? ''}`);
  });

  it.each(Object.entries(bombs))('%s', async (_, text) => {
    project.write('.kb/workflows/w.yml', text);
    const answer = await project.kb('workflow:validate', '.kb/workflows/w.yml', '--json');
    expect(answer.code).toBe(2);
    const { diagnostics } = JSON.parse(answer.stdout) as { diagnostics: Diagnostic[] };
    expect(diagnostics.length).toBeGreaterThan(0);
    expect(diagnostics.length).toBeLessThan(200);
    expect(diagnostics.every((one) => one.line >= 1 && one.column >= 1)).toBe(true);
  });

  it('and accepts the document next to them', async () => {
    project.write('.kb/workflows/w.yml', '');
    const answer = await project.kb('workflow:run', '--workflow-id=ok');
    expect(answer.code, answer.stderr).toBe(0);
  });
});
