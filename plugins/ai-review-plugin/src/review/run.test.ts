import { readFileSync } from 'node:fs';

import { toManifest } from '@kb-labs/sdk/build';
import { testContext, type TestContext } from '@kb-labs/sdk/testing';
import { describe, expect, it } from 'vitest';
import type { z } from 'zod';

import plugin, { runCommand } from '../plugin.js';
import { RULE_IDS, type RuleId, RULES } from '../rules/catalog.js';
import type { Finding } from './finding.js';
import run from './run.js';

type Input = z.input<typeof runCommand.input>;

const SECRET = ['sk_live_', 'q7Rm2Xv9Kt4Lw8Zp3Nc6Yb1D'].join('');

function added(path: string, ...lines: readonly string[]): string {
  return `diff --git a/${path} b/${path}\nnew file mode 100644\n--- /dev/null\n+++ b/${path}\n@@ -0,0 +1,${String(lines.length)} @@\n${lines.map((line) => `+${line}\n`).join('')}`;
}

function review(input: Input, ctx: TestContext): ReturnType<typeof run> {
  return run(runCommand.input.parse(input), ctx);
}

const MIXED = [
  added('src/pay.ts', "import Stripe from 'stripe';", `const stripe = new Stripe('${SECRET}');`, '  console.log(stripe);', '// TODO: refunds'),
  added('src/pay.test.ts', "it.only('pays', () => {});"),
].join('');

describe('review:run', () => {
  it('says where, how bad and why, worst first', async () => {
    using ctx = testContext();
    const result = await review({ diff: MIXED }, ctx);
    expect(result.findings.map(({ file, line, column, severity, rule }) => [severity, file, line, column, rule])).toEqual([
      ['critical', 'src/pay.ts', 2, 28, 'provider-token'],
      ['high', 'src/pay.test.ts', 1, 1, 'focused-test'],
      ['low', 'src/pay.ts', 3, 3, 'debug-output'],
      ['low', 'src/pay.ts', 4, 4, 'todo'],
    ]);
    expect(result.counts).toEqual({ critical: 1, high: 1, medium: 0, low: 2, total: 4 });
    expect(result).toMatchObject({ reviewedBy: 'rules', dropped: 0, unseen: [], filesReviewed: 2, linesAdded: 5, omitted: 0, incomplete: false });
    expect(runCommand.output.parse(result)).toEqual(result);
  });

  it('tells the secret to nobody', async () => {
    using ctx = testContext();
    const result = await review({ diff: MIXED }, ctx);
    expect(result.findings[0]?.excerpt).toBe("const stripe = new Stripe('sk_live_****');");
    const everything = [JSON.stringify(result), ...[...ctx.saved.values()].map(({ text }) => text), ...ctx.lines.map(({ text }) => text)].join('\n');
    expect(everything).not.toContain(SECRET.slice(8));
    // The control: the review did look at the line.
    expect(everything).toContain('sk_live_');
  });

  it('saves the review as markdown and all findings as data', async () => {
    using ctx = testContext();
    const result = await review({ diff: MIXED, maxFindings: 1 }, ctx);
    expect(result.findings).toHaveLength(1);
    expect(result.omitted).toBe(3);
    expect(ctx.saved.get('review.md')).toMatchObject({ type: 'markdown', text: result.summary });
    const issues = ctx.saved.get('findings.json');
    expect(issues?.type).toBe('issues');
    expect((JSON.parse(issues?.text ?? '') as Finding[]).map(({ rule }) => rule)).toEqual(['provider-token', 'focused-test', 'debug-output', 'todo']);
  });

  it('writes a summary that says how it was made and lists what it found', async () => {
    using ctx = testContext();
    const { summary } = await review({ diff: MIXED }, ctx);
    expect(summary).toContain('**4 findings** in 5 added lines in 2 files: 1 critical, 1 high, 2 low.');
    expect(summary).toContain('without a language model');
    expect(summary).toContain('## Critical');
    expect(summary).toContain('`src/pay.ts:2`');
  });

  it('fails once a finding is as severe as asked, after the artifacts are saved', async () => {
    using ctx = testContext();
    await expect(review({ diff: MIXED, failOn: 'high' }, ctx)).rejects.toMatchObject({
      code: 'REVIEW_FINDINGS',
      kbRetry: 'never',
      message: 'the review has 2 findings of severity high or worse',
      details: { counts: { total: 4 } },
    });
    expect([...ctx.saved.keys()]).toEqual(['review.md', 'findings.json']);
    await expect(review({ diff: added('src/a.ts', '// TODO: x'), failOn: 'medium' }, ctx)).resolves.toMatchObject({ counts: { low: 1 } });
  });

  it('leaves out the rules that are disabled', async () => {
    using ctx = testContext();
    const result = await review({ diff: MIXED, rules: { disable: ['todo', 'debug-output', 'focused-test'] }, failOn: 'none' }, ctx);
    expect(result.findings.map(({ rule }) => rule)).toEqual(['provider-token']);
    expect(runCommand.input.safeParse({ diff: '', rules: { disable: ['todos'] } }).success).toBe(false);
  });

  it('finds nothing in nothing', async () => {
    using ctx = testContext();
    const result = await review({ diff: '' }, ctx);
    expect(result).toMatchObject({ findings: [], filesReviewed: 0, linesAdded: 0 });
    expect(result.summary).toContain('Nothing found in 0 added lines in 0 files.');
  });

  it('refuses text that is no diff, instead of finding nothing in it', async () => {
    using ctx = testContext();
    await expect(review({ diff: 'const password = 1;\n' }, ctx)).rejects.toMatchObject({ code: 'INPUT_INVALID', kbRetry: 'never' });
  });

  it('says so when the diff breaks off', async () => {
    using ctx = testContext();
    const result = await review({ diff: MIXED.slice(0, MIXED.indexOf('// TODO') - 1) }, ctx);
    expect(result.incomplete).toBe(true);
    expect(result.summary).toContain('could not be read to its end');
    expect(ctx.lines.map(({ text }) => text)).toContainEqual(expect.stringContaining('shorter than its header'));
  });

  it('stops when it is cancelled', async () => {
    const controller = new AbortController();
    using ctx = testContext({ signal: controller.signal });
    const reviewing = review({ diff: Array.from({ length: 50 }, (_, n) => added(`src/${String(n)}.ts`, 'f();')).join('') }, ctx);
    controller.abort();
    await expect(reviewing).rejects.toThrow(expect.objectContaining({ name: 'AbortError' }) as Error);
    expect(ctx.saved.size).toBe(0);
  });
});

describe('rules about whole files', () => {
  it.each<[RuleId, string]>([
    ['sensitive-file', added('.env', 'A=b')],
    ['sensitive-file', added('deploy/.env.production', 'A=b')],
    ['sensitive-file', added('certs/server.p12', 'x')],
    ['binary-artifact', 'diff --git a/lib/a.jar b/lib/a.jar\nnew file mode 100644\nindex 0000000..1111111\nBinary files /dev/null and b/lib/a.jar differ\n'],
    ['large-file', added('src/big.ts', ...Array.from({ length: 1_001 }, () => 'f();'))],
    ['large-change', [1, 2, 3].map((n) => added(`src/${String(n)}.ts`, ...Array.from({ length: 900 }, () => 'f();'))).join('')],
  ])('%s is found', async (rule, diff) => {
    using ctx = testContext();
    const { findings } = await review({ diff }, ctx);
    expect(findings.map((finding) => [finding.rule, finding.line])).toEqual([[rule, 0]]);
  });

  it.each([
    ['an example of settings', added('.env.example', 'A=b')],
    ['a fixture', added('test/fixtures/server.key', 'x')],
    ['a lock file', added('package-lock.json', ...Array.from({ length: 5_000 }, () => '{}'))],
    ['a picture', 'diff --git a/a.png b/a.png\nnew file mode 100644\nBinary files /dev/null and b/a.png differ\n'],
    ['a thousand lines', added('src/a.ts', ...Array.from({ length: 1_000 }, () => 'f();'))],
    ['a removed key', 'diff --git a/.env b/.env\ndeleted file mode 100644\n--- a/.env\n+++ /dev/null\n@@ -1 +0,0 @@\n-A=b\n'],
  ])('%s is fine', async (_, diff) => {
    using ctx = testContext();
    expect((await review({ diff }, ctx)).findings).toEqual([]);
  });

  it('reports a private key once and quotes none of its lines', async () => {
    using ctx = testContext();
    const body = Array.from({ length: 5 }, (_, n) => `MIIEpAIBAAKCAQEA${'TODO'.repeat(n)}x9vQ`);
    const result = await review({ diff: added('src/key.ts', 'const k = `-----BEGIN RSA PRIVATE' + ' KEY-----', ...body, '-----END RSA PRIVATE KEY-----`;', 'eval(k);') }, ctx);
    expect(result.findings.map(({ rule, line }) => [rule, line])).toEqual([
      ['private-key', 1],
      // After the key's last line the rules look again.
      ['dynamic-code', 8],
    ]);
    expect(JSON.stringify(result)).not.toContain('MIIEpAIBAAKCAQEA');
  });
});

describe('a hostile diff', () => {
  it('puts no markup, no control character and no second line into the summary', async () => {
    using ctx = testContext();
    const path = 'src/`<img src=x onerror=alert(1)>`|x.ts';
    const { summary, findings } = await review({ diff: added(path, '// TODO: `</code><script>alert(1)</script>` \u001b[31m \u202e # h', 'const a_b_token = "q7Rm2Xv9Kt4Lw8Zp3Nc6Yb1D";') }, ctx);
    expect(findings).toHaveLength(3);
    expect(summary).toContain('\\u{1b}[31m \\u{202e}');
    expect(summary.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}]/u);
    const outside = summary.replaceAll(/(`+)(?!`)[\s\S]*?[^`]\1(?!`)/g, '');
    expect(outside).not.toMatch(/<|script|onerror/);
  });

  it('of long lines and of many findings is reviewed to its end and fits the output', async () => {
    using ctx = testContext();
    const fillers = ['a', 'eyJ', 'a.', '"a', "token='", 'select * from ', '`${', '/*', '(', 'x=', '://a:', '-----BEGIN ', 'exec("', ' b ', 'curl | ', '\\'];
    const long = fillers.map((filler, n) => added(`src/${String(n)}.${n % 2 === 0 ? 'ts' : 'py'}`, filler.repeat(300_000 / filler.length)));
    const many = added('src/many.ts', ...Array.from({ length: 30_000 }, () => '// TODO: \u0001\u0001\u0001'));
    const result = await review({ diff: [...long, many].join(''), maxFindings: 1_000 }, ctx);
    expect(result.counts.low).toBeGreaterThanOrEqual(30_000);
    expect(Buffer.byteLength(JSON.stringify(result))).toBeLessThan(1024 * 1024);
    expect(result.summary.length).toBeLessThan(65_536);
  });
});

describe('the plugin', () => {
  it('describes in its README every rule with its severity', () => {
    const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');
    const rows = [...readme.matchAll(/^\| `([a-z-]+)` \| (low|medium|high|critical) \|/gm)].map(([, rule, severity]) => [rule, severity]);
    expect(rows).toEqual(RULE_IDS.map((rule) => [rule, RULES[rule].severity]));
  });

  it('asks for the language model and nothing else, and tells the editor the names of its rules', () => {
    const [command] = toManifest(plugin).commands;
    expect(command?.permissions).toEqual({ services: ['llm'] });
    expect(JSON.stringify(command?.input)).toContain(JSON.stringify(RULE_IDS));
  });

  it('is called like its package', () => {
    const described = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as { name: string; version: string };
    expect([plugin.id, plugin.version]).toEqual([described.name, described.version]);
  });
});
