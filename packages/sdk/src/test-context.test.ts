import { existsSync } from 'node:fs';
import { join } from 'node:path';
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
