import { existsSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { Duplex } from 'node:stream';
import { text } from 'node:stream/consumers';

import { describe, expect, it } from 'vitest';

import { testContext } from './test-context.js';

describe('the context for a plugin’s tests', () => {
  it('works in a folder of its own and removes it', async () => {
    const context = testContext();
    await context.fs.write('a/b.txt', 'text');
    await context.fs.write('a/c.bin', new Uint8Array([1, 2]));
    expect(await context.fs.readText('a/b.txt')).toBe('text');
    expect(await context.fs.list('**/*.txt')).toEqual(['a/b.txt']);
    expect(await context.fs.stat('a/c.bin')).toMatchObject({ kind: 'file', bytes: 2 });
    await context.fs.remove('a/b.txt');
    expect(await context.fs.exists('a/b.txt')).toBe(false);
    await expect(context.fs.readText('../x')).rejects.toThrow('outside the workspace');
    context.dispose();
    expect(existsSync(context.workspace)).toBe(false);
  });

  it('gives the secrets of the test', async () => {
    using context = testContext({ secrets: { TOKEN: 'value' } });
    expect(await context.secrets.get('TOKEN')).toBe('value');
    await expect(context.secrets.get('OTHER')).rejects.toMatchObject({ code: 'SECRET_MISSING' });
    await expect(context.secrets.get('constructor')).rejects.toMatchObject({ code: 'SECRET_MISSING' });
  });

  it('keeps lines, progress and artifacts to look at', async () => {
    using context = testContext();
    context.log.warn('one\ntwo');
    context.progress(0.5, 'half');
    const handle = await context.artifacts.save({ name: 'notes.md', content: '# Hi' });
    expect(context.lines).toEqual([{ level: 'warn', text: 'one' }, { level: 'warn', text: 'two' }]);
    expect(context.reported).toEqual([{ fraction: 0.5, note: 'half' }]);
    expect(handle).toMatchObject({ type: 'markdown', bytes: 4 });
    expect(context.saved.get('notes.md')?.text).toBe('# Hi');
  });

  it('gives what the job consumes, and nothing else', async () => {
    const given = new Uint8Array([1, 2]);
    using context = testContext({ consumed: { 'report.md': '# Hi', raw: given } });
    expect(context.artifacts.consumed).toEqual([
      { name: 'report.md', type: 'markdown', bytes: 4, digest: expect.stringMatching(/^sha256:[0-9a-f]{64}$/) as string },
      { name: 'raw', type: 'file', bytes: 2, digest: expect.stringMatching(/^sha256:/) as string },
    ]);
    expect(new TextDecoder().decode(await context.artifacts.read('report.md'))).toBe('# Hi');
    (await context.artifacts.read('raw'))[0] = 9;
    expect([...(await context.artifacts.read('raw')), ...given]).toEqual([1, 2, 1, 2]);
    await expect(context.artifacts.read('other')).rejects.toMatchObject({ code: 'ARTIFACT_MISSING' });
    await context.artifacts.save({ name: 'saved.md', content: 'x' });
    await expect(context.artifacts.read('saved.md')).rejects.toMatchObject({ code: 'ARTIFACT_MISSING' });
    using bare = testContext();
    expect(bare.artifacts.consumed).toEqual([]);
  });

  it('connects for real, and lets go when the test is over', async () => {
    const server = createServer((socket) => socket.pipe(socket)).listen(0, '127.0.0.1');
    await new Promise((done) => server.once('listening', done));
    const { port } = server.address() as AddressInfo;
    const stop = new AbortController();
    using context = testContext({ signal: stop.signal });
    const socket = Duplex.fromWeb(await context.connect('127.0.0.1', port));
    socket.end('there and back');
    expect(await text(socket)).toBe('there and back');
    const left = await context.connect('127.0.0.1', port);
    const closed = new Promise((done) => server.close(done));
    stop.abort(new Error('over'));
    await closed;
    await expect(left.readable.getReader().read()).rejects.toThrow();
    await expect(testContext().connect('127.0.0.1', port)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  });

  it('has the language model that the test describes, and none else', async () => {
    using context = testContext({ llm: { complete: async ({ messages }) => ({ text: `so: ${messages.at(-1)?.content ?? ''}`, model: 'm', provider: 'openai', usage: { promptTokens: 1, answerTokens: 1 } }) } });
    expect(await context.llm.complete({ messages: [{ role: 'user', content: 'hello' }] })).toMatchObject({ text: 'so: hello' });
    expect(await context.llm.configured()).toEqual({ chat: true, embeddings: false });
    await expect(context.llm.embed(['a'])).rejects.toMatchObject({ code: 'LLM_NOT_CONFIGURED' });
    using bare = testContext();
    expect(await bare.llm.configured()).toEqual({ chat: false, embeddings: false });
    await expect(bare.llm.complete({ messages: [] })).rejects.toMatchObject({ code: 'LLM_NOT_CONFIGURED' });
  });

  it('stores copies by key, in the order of their bytes', async () => {
    using context = testContext({ stored: { 'a/old': 1 } });
    const value = { list: [1] };
    await context.storage.set('b', value);
    await context.storage.set('a/\u{1F600}', true);
    await context.storage.set('a/\uFFFD', false);
    value.list.push(2);
    expect(await context.storage.get('b')).toEqual({ list: [1] });
    expect(await context.storage.keys('a/')).toEqual(['a/old', 'a/\uFFFD', 'a/\u{1F600}']);
    await context.storage.remove('a/old');
    await context.storage.remove('never there');
    expect(await context.storage.get('a/old')).toBeUndefined();
    expect([...context.stored.keys()].length).toBe(3);
  });

  it('runs real programs with an environment of an allow-list', async () => {
    using context = testContext({ env: { GIVEN: 'yes' } });
    process.env['KB_PLANTED'] = 'visible';
    const script = 'process.stdin.pipe(process.stdout); console.error(process.env.GIVEN, process.env.KB_PLANTED, process.cwd()); process.exitCode = 3';
    const result = await context.exec(process.execPath, ['-e', script], { input: 'in' });
    delete process.env['KB_PLANTED'];
    expect(result).toEqual({ exitCode: 3, stdout: 'in', stderr: `yes undefined ${context.workspace}\n` });
  });

  it('ends programs on abort, on a time limit and on too much output', async () => {
    const stop = new AbortController();
    using context = testContext({ signal: stop.signal });
    const endless = ['-e', 'setInterval(() => console.log("x".repeat(1000)), 1)'];
    await expect(context.exec(process.execPath, endless, { timeoutMs: 100 })).rejects.toMatchObject({ code: 'EXEC_TIMEOUT' });
    await expect(context.exec(process.execPath, endless, { maxOutputBytes: 2_000 })).rejects.toMatchObject({ code: 'EXEC_OUTPUT_TOO_LARGE' });
    await expect(context.exec('kb-no-such-program')).rejects.toMatchObject({ code: 'PROGRAM_NOT_FOUND' });
    const lines: string[] = [];
    const running = context.exec(process.execPath, endless, {
      onLine: (line) => {
        if (lines.push(line) === 2) stop.abort(new Error('enough'));
      },
    });
    await expect(running).rejects.toThrow('enough');
    expect(existsSync(join(context.workspace, 'x'))).toBe(false);
  });
});
