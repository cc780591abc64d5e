import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';

import { LIMITS, parseUses, type Permissions, type PluginCommand } from '@kb-labs/contracts';
import type { StepCall } from '@kb-labs/ports';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { createPluginHost } from '../create-plugin-host.js';
import { consumedArtifact, recordCall, silentLogger, temporaryFolder } from '../step-call.fixture.js';
import { writePlugin } from './plugin-package.fixture.js';

let folder: ReturnType<typeof temporaryFolder>;
let workspace = '';
let plugins = 0;
beforeEach(() => {
  folder = temporaryFolder();
  workspace = join(folder.path, 'workspace');
  mkdirSync(workspace);
});
afterEach(() => folder[Symbol.dispose]());

const OPEN: Partial<PluginCommand> = { input: { type: 'object' }, output: { type: 'object' } };

/** Runs a handler, written as the body of `async (input, ctx) => { … }`, as a command of a plugin. */
async function run(body: string, options: Partial<StepCall> & { command?: Partial<PluginCommand>; declared?: Permissions; host?: Record<string, string>; killGraceMs?: number } = {}) {
  const { command, declared = {}, host, killGraceMs, ...overrides } = options;
  plugins += 1;
  const root = writePlugin(join(folder.path, `plugin-${String(plugins)}`), {
    commands: [{ ...OPEN, permissions: declared, ...command }],
    files: { 'dist/greet/person.js': `export default async (input, ctx) => {\n${body}\n};` },
  });
  const uses = parseUses('@acme/greet/greet:person');
  if (uses === undefined) throw new Error('not a uses');
  const recorded = recordCall({ workspace, uses, ...overrides });
  const host_ = createPluginHost({
    firstParty: [],
    project: { root: folder.path, plugins: [root] },
    hostEnv: { PATH: process.env['PATH'], ...host },
    logger: silentLogger,
    ...(killGraceMs === undefined ? {} : { killGraceMs }),
  });
  return { ...recorded, outcome: await host_.run(recorded.call) };
}

const failed = (code: string, retryable: boolean, message?: string) => ({
  status: 'failed',
  retryable,
  error: { code, ...(message === undefined ? {} : { message: expect.stringContaining(message) as string }) },
});

describe('the input of a command', () => {
  const strict = {
    command: {
      input: {
        type: 'object',
        properties: { name: { type: 'string' }, level: { enum: ['low', 'high'], default: 'low' }, at: { type: 'string', format: 'date-time' }, deep: { type: 'object', properties: { n: { type: 'integer', default: 1 } }, default: {} } },
        required: ['name'],
        additionalProperties: false,
      },
    },
  };

  it('gets the defaults of its schema, and the call keeps what it was given', async () => {
    const input = Object.freeze({ name: 'Ada' });
    const { outcome } = await run('return { got: input };', { ...strict, input });
    expect(outcome).toEqual({ status: 'success', outputs: { got: { name: 'Ada', level: 'low', deep: { n: 1 } } } });
    expect(input).toEqual({ name: 'Ada' });
  });

  it.each([
    [{}, "the value must have required property 'name'"],
    [{ name: 1 }, '/name must be string'],
    [{ name: 'x', nam: 'y' }, 'the value has the unknown key "nam" (did you mean "name"?)'],
    [{ name: 'x', level: 'mid' }, '/level must be one of "low", "high"'],
    [{ name: 'x', at: 'tomorrow' }, '/at must match format "date-time"'],
    [{ name: 'x', deep: { n: 1.5 } }, '/deep/n must be integer'],
    [{ name: 1, level: 2 }, '/name must be string; /level must be one of'],
  ])('%j is refused before the handler runs', async (input, problem) => {
    const { outcome } = await run('ctx.log.info("ran"); return {};', { ...strict, input });
    expect(outcome).toMatchObject(failed('INPUT_INVALID', false, problem));
  });
});

describe('the outputs of a command', () => {
  it('are a copy of what the handler returned', async () => {
    const { outcome } = await run('const list = [1]; setTimeout(() => list.push(2)); return { list, none: null, deep: { a: "b" }, ["__proto__"]: 1 };');
    expect(outcome.status).toBe('success');
    expect(JSON.stringify(outcome.outputs)).toBe('{"list":[1],"none":null,"deep":{"a":"b"},"__proto__":1}');
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });

  it.each([
    ['undefined', 'a handler returns an object, not undefined'],
    ['null', 'a handler returns an object, not null'],
    ['[1]', 'a handler returns an object, not an array'],
    ['"text"', 'a handler returns an object, not string'],
    ['{ a: undefined }', 'a is undefined'],
    ['{ a: { b: [1, () => 1] } }', 'a.b.1 is function'],
    ['{ a: 1n }', 'a is bigint'],
    ['{ a: Symbol("x") }', 'a is symbol'],
    ['{ a: NaN }', 'a is not a finite number'],
    ['{ a: Infinity }', 'a is not a finite number'],
    ['{ a: new Date(0) }', 'a is a Date'],
    ['{ a: new Map() }', 'a is a Map'],
    ['{ a: new (class Thing {})() }', 'a is a Thing'],
    ['{ a: [1, , 2] }', 'a.1 is undefined'],
    ['(() => { const o = {}; o.o = o; return o; })()', 'nested deeper than'],
    ['JSON.parse("[".repeat(100000) + "]".repeat(100000), undefined) && { a: JSON.parse("[".repeat(100000) + "]".repeat(100000)) }', 'nested deeper than'],
  ])('%s are not accepted', async (returned, problem) => {
    const { outcome } = await run(`return ${returned};`);
    expect(outcome).toMatchObject(failed('OUTPUT_INVALID', false, problem));
  });

  it('have to fit their schema', async () => {
    const command = { output: { type: 'object', properties: { text: { type: 'string' } }, required: ['text'], additionalProperties: false } };
    expect((await run('return { text: "x" };', { command })).outcome).toEqual({ status: 'success', outputs: { text: 'x' } });
    expect((await run('return { text: 1 };', { command })).outcome).toMatchObject(failed('OUTPUT_INVALID', false, '/text must be string'));
    expect((await run('return { text: "x", more: 1 };', { command })).outcome).toMatchObject(failed('OUTPUT_INVALID', false, 'unknown key "more"'));
  });

  it.each([
    [0, 'success'],
    [1, 'failed'],
  ])('may be as large as the limit, %d over is %s', async (over, status) => {
    const { outcome } = await run(`return { a: 'x'.repeat(${String(LIMITS.rawOutputBytes - '{"a":""}'.length + over)}) };`);
    expect(outcome.status).toBe(status);
    if (status === 'failed') expect(outcome).toMatchObject(failed('OUTPUT_TOO_LARGE', false, `at least ${String(LIMITS.rawOutputBytes + 1)} bytes`));
  });

  it('are too large with the defaults of their schema, too', async () => {
    const item = { type: 'object', properties: { text: { type: 'string', default: 'x'.repeat(10_000) } } };
    const command = { output: { type: 'object', properties: { list: { type: 'array', items: item } } } };
    const { outcome } = await run('return { list: Array.from({ length: 10_000 }, () => ({})) };', { command });
    expect(outcome).toMatchObject(failed('OUTPUT_TOO_LARGE', false));
  });

  it('of very many values that do not fit their schema are refused for the first of them', async () => {
    const command = { output: { type: 'object', properties: { list: { type: 'array', items: { type: 'string' } } } } };
    expect((await run('return { list: Array.from({ length: 10 }, () => 1) };', { command })).outcome).toMatchObject(failed('OUTPUT_INVALID', false, 'and 2 more'));
    const { outcome } = await run('return { list: Array.from({ length: 500_000 }, () => 1) };', { command });
    expect(outcome).toMatchObject(failed('OUTPUT_INVALID', false, '/list/0 must be string'));
    expect(outcome.status === 'failed' && outcome.error.message).not.toContain('more');
  });
});

describe('what a job consumes', () => {
  const consumed = [consumedArtifact('report.md', '# Report', { label: 'The report' }), consumedArtifact('a/empty', '')];

  it('can be listed and read by a handler that has no permission at all', async () => {
    const { outcome } = await run(
      `const bytes = await ctx.artifacts.read('report.md');
       return { handles: ctx.artifacts.consumed, text: new TextDecoder().decode(bytes), isBytes: bytes instanceof Uint8Array, empty: (await ctx.artifacts.read('a/empty')).length, isFixed: Object.isFrozen(ctx.artifacts.consumed) };`,
      { consumed },
    );
    expect(outcome).toEqual({ status: 'success', outputs: { handles: consumed.map(({ handle }) => handle), text: '# Report', isBytes: true, empty: 0, isFixed: true } });
  });

  it('is all that can be read', async () => {
    expect((await run("await ctx.artifacts.read('../report.md'); return {};", { consumed })).outcome).toMatchObject(failed('ARTIFACT_MISSING', false));
  });
});

describe('an error of a handler', () => {
  it.each([
    ['throw new Error("broken");', failed('STEP_FAILED', true, 'the step failed: broken')],
    ['throw "text";', failed('STEP_FAILED', true, 'text')],
    ['throw undefined;', failed('STEP_FAILED', true)],
    ['throw Object.assign(new Error("gone"), { code: "NOT_A_REPOSITORY", hint: "git init", details: { a: 1 } });', { ...failed('NOT_A_REPOSITORY', true, 'gone'), error: { code: 'NOT_A_REPOSITORY', message: 'gone', hint: 'git init', details: { a: 1 } } }],
    ['throw Object.assign(new Error("no"), { code: "lower case" });', failed('STEP_FAILED', true)],
    ['throw Object.assign(new Error("no"), { code: 7, details: () => 1 });', failed('STEP_FAILED', true)],
    ['throw Object.assign(new Error("never"), { kbRetry: "never", code: "FINAL" });', failed('FINAL', false)],
    ['throw Object.assign(new Error("later"), { kbRetry: 1500, code: "RATE_LIMIT" });', { ...failed('RATE_LIMIT', true), retryAfterMs: 1_500 }],
    ['throw Object.assign(new Error("later"), { kbRetry: -1 });', failed('STEP_FAILED', true)],
    ['await ctx.exec("git");', failed('PERMISSION_DENIED', false, 'shell: [git]')],
    ['await ctx.fs.readText("none");', failed('PERMISSION_DENIED', false)],
    ['JSON.parse("{");', failed('STEP_FAILED', true)],
    ['return none;', failed('STEP_FAILED', true, 'none is not defined')],
  ])('%s', async (body, expected) => {
    expect((await run(body)).outcome).toMatchObject(expected);
  });

  it('does not make a plugin of what cannot be loaded', async () => {
    const invalid = failed('PLUGIN_INVALID', false);
    expect((await run('} syntax error')).outcome).toMatchObject(invalid);
    expect((await run('', { command: { handler: './none.js#default' } })).outcome).toMatchObject(invalid);
    expect((await run('', { command: { handler: './greet/person.js#other' } })).outcome).toMatchObject(invalid);
    expect((await run('', { command: { handler: './../../../x.js#default' } })).outcome).toMatchObject(failed('PLUGIN_INVALID', false, 'outside of the package'));
    expect((await run('return {};', { command: { input: { type: 'nonsense' } } })).outcome).toMatchObject(invalid);
  });
});

describe('the context of a handler', () => {
  it('tells where the step is', async () => {
    const { outcome, call } = await run('return { run: ctx.run, key: ctx.idempotencyKey, workspace: ctx.workspace };', { attempt: 2, stepAttempt: 2 });
    expect(outcome.outputs).toEqual({ run: { id: call.runId, workflowId: 'tests', job: 'job', step: 'step', attempt: 3 }, key: 'key-of-the-step', workspace });
  });

  it('shows the environment that is given, and no other', async () => {
    const host = { GRANTED: 'g', HIDDEN: 'h', NARROWED: 'n' };
    const { outcome } = await run('return { env: ctx.env };', { host, env: { OF_DOCUMENT: 'd' }, declared: { env: ['GRANTED', 'NARROWED', 'UNSET'] }, permissions: { env: ['GRANTED', 'HIDDEN'] } });
    expect(outcome.outputs['env']).toEqual({ GRANTED: 'g', OF_DOCUMENT: 'd' });
  });

  it('passes lines and progress on', async () => {
    const recorded = await run('ctx.log.debug("a"); ctx.log.info("b\\nc"); ctx.log.warn("d"); ctx.log.error("e".repeat(100000)); ctx.progress(0.5, "half"); ctx.progress(7); ctx.progress(NaN); return {};');
    expect(recorded.lines.slice(0, 4)).toEqual([
      { stream: 'log', level: 'debug', text: 'a' },
      { stream: 'log', level: 'info', text: 'b' },
      { stream: 'log', level: 'info', text: 'c' },
      { stream: 'log', level: 'warn', text: 'd' },
    ]);
    expect(Buffer.byteLength(recorded.lines[4]?.text ?? '')).toBeLessThanOrEqual(LIMITS.logLineBytes);
    expect(recorded.progress).toEqual([[0.5, 'half'], [1, undefined]]);
  });

  it('stores artifacts under names that are ones', async () => {
    const { artifacts, outcome } = await run(`
      await ctx.artifacts.save({ name: 'a/review.md', content: '# é' });
      await ctx.artifacts.save({ name: 'x.bin', type: 'log', content: new Uint8Array([65]) });
      const handle = await ctx.artifacts.save({ name: 's.txt', content: (async function* () { yield new Uint8Array([66]); yield new Uint8Array([67]); })() });
      const refused = [];
      for (const name of ['', '../x', '/x', 'a/../b', 'a//b', 'a b', 'x'.repeat(300)]) await ctx.artifacts.save({ name, content: '' }).catch((error) => refused.push(error.code));
      return { bytes: handle.bytes, refused };`);
    expect(Object.fromEntries(artifacts)).toEqual({ 'a/review.md': { type: 'markdown', text: '# é' }, 'x.bin': { type: 'log', text: 'A' }, 's.txt': { type: 'text', text: 'BC' } });
    expect(outcome.outputs).toEqual({ bytes: 2, refused: Array.from({ length: 7 }, () => 'ARTIFACT_INVALID') });
  });

  it('runs programs and reads files by what is declared', async () => {
    const { outcome } = await run(
      'await ctx.fs.write("out/a.txt", "text"); const { stdout } = await ctx.exec("cat", ["out/a.txt"]); return { stdout, files: await ctx.fs.list("**/*.txt") };',
      { declared: { shell: ['cat'], fs: { read: ['out/**'], write: ['out/**'] } } },
    );
    expect(outcome).toEqual({ status: 'success', outputs: { stdout: 'text', files: ['out/a.txt'] } });
  });
});

describe('an abort', () => {
  it('reaches the handler, which may tidy up first', async () => {
    const stop = new AbortController();
    const said: string[] = [];
    const body = `
      const aborted = new Promise((done) => ctx.signal.addEventListener('abort', done));
      ctx.log.info('ready');
      await aborted;
      ctx.log.info('tidied');
      throw new Error('stopped');`;
    const { outcome } = await run(body, {
      signal: stop.signal,
      log: ({ text }) => {
        said.push(text);
        if (text === 'ready') stop.abort();
      },
    });
    expect([outcome, said]).toEqual([{ status: 'aborted', outputs: {} }, ['ready', 'tidied']]);
  });

  it('does not wait for ever, and leaves the handler with a context that does nothing', async () => {
    const stop = new AbortController();
    const said: string[] = [];
    const late = Promise.withResolvers<unknown>();
    (globalThis as Record<string, unknown>)['kbLate'] = late.resolve;
    const { outcome } = await run(
      `ctx.log.info('ready');
       await new Promise((done) => setTimeout(done, 150));
       ctx.log.info('late');
       const results = await Promise.allSettled([ctx.fs.write('late.txt', 'x'), ctx.exec('touch', ['late.txt']), ctx.artifacts.save({ name: 'late', content: '' }), ctx.artifacts.read('late')]);
       globalThis.kbLate(results.map((result) => result.status));
       return {};`,
      {
        declared: { shell: true, fs: { write: ['**'] } },
        killGraceMs: 50,
        consumed: [consumedArtifact('late', 'text')],
        signal: stop.signal,
        log: ({ text }) => {
          said.push(text);
          if (text === 'ready') stop.abort();
        },
      },
    );
    expect(outcome).toEqual({ status: 'aborted', outputs: {} });
    expect(await late.promise).toEqual(['rejected', 'rejected', 'rejected', 'rejected']);
    expect(said).toEqual(['ready', 'greet:person did not end 50 ms after it was told to: it is left behind']);
    expect(existsSync(join(workspace, 'late.txt'))).toBe(false);
  });

  it('ends the programs of the handler', async () => {
    const stop = new AbortController();
    let pid = 0;
    const { outcome } = await run('await ctx.exec("sh", ["-c", "echo $$; exec sleep 300"], { onLine: (line) => ctx.log.info(line) }); return {};', {
      declared: { shell: ['sh'] },
      signal: stop.signal,
      log: ({ text }) => {
        pid = Number(text);
        stop.abort();
      },
    });
    expect(outcome.status).toBe('aborted');
    expect(() => process.kill(pid, 0)).toThrow('ESRCH');
  });

  it('before the start starts nothing', async () => {
    const { outcome, lines } = await run('ctx.log.info("ran"); return {};', { signal: AbortSignal.abort() });
    expect([outcome, lines]).toEqual([{ status: 'aborted', outputs: {} }, []]);
  });
});

describe('the end of a handler', () => {
  it('is the end of a program it did not wait for', async () => {
    const { outcome, lines } = await run('ctx.exec("sh", ["-c", "echo $$; exec sleep 300"], { onLine: (line) => ctx.log.info(line) }).catch(() => 0); while (!globalThis.kbSeen) await new Promise((done) => setTimeout(done, 5)); return {};', {
      declared: { shell: ['sh'] },
      log: ({ text }) => {
        (globalThis as Record<string, unknown>)['kbSeen'] = text;
      },
    });
    expect([outcome.status, lines]).toEqual(['success', []]);
    expect(() => process.kill(Number((globalThis as Record<string, unknown>)['kbSeen']), 0)).toThrow('ESRCH');
  });

  it('makes what it forgot to wait for fail without harm to the worker', async () => {
    const unhandled: unknown[] = [];
    const note = (reason: unknown): void => void unhandled.push(reason);
    process.on('unhandledRejection', note);
    const { outcome } = await run('ctx.exec("sleep", ["300"]); ctx.exec("none"); ctx.fs.readText("none"); ctx.fetch("http://localhost"); ctx.artifacts.save({ name: "..", content: "" }); return {};', {
      declared: { shell: ['sleep'] },
    });
    await new Promise((done) => setImmediate(done));
    process.off('unhandledRejection', note);
    expect([outcome.status, unhandled]).toEqual(['success', []]);
  });

  it('fails when the log cannot be kept', async () => {
    const { outcome } = await run('ctx.log.info("a"); await 0; await 0; return {};', { log: () => Promise.reject(new Error('no log')) });
    expect(outcome).toMatchObject(failed('STEP_FAILED', true, 'no log'));
  });

  it('waits until its lines are taken', async () => {
    const taken: string[] = [];
    await run('for (let i = 0; i < 100; i += 1) ctx.log.info(String(i)); return {};', {
      log: async ({ text }) => {
        await new Promise((done) => setImmediate(done));
        taken.push(text);
      },
    });
    expect(taken).toHaveLength(100);
  });
});
