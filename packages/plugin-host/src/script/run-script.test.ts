import { existsSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { LIMITS, type Shell } from '@kb-labs/contracts';
import type { StepCall, StepOutcome } from '@kb-labs/ports';
import { describe, expect, it } from 'vitest';

import { alive, processesIn } from '../process-tree/live-processes.fixture.js';
import { recordCall, scriptInput, silentLogger, temporaryFolder } from '../step-call.fixture.js';
import { Removals } from './removals.js';
import { runScript } from './run-script.js';

const options = { hostEnv: process.env, logger: silentLogger };

describe('a script', () => {
  it('succeeds with what it printed and what it wrote to $KB_OUTPUT', async () => {
    using folder = temporaryFolder();
    const { call, lines } = recordCall({
      workspace: folder.path,
      input: scriptInput('echo one; echo two >&2; printf three\necho "version=1.2" >> "$KB_OUTPUT"; echo \'{"count": 3}\' >> "$KB_OUTPUT"'),
    });
    expect(await runScript(call, options)).toEqual({
      status: 'success',
      outputs: { version: '1.2', count: 3, stdout: 'one\nthree', stderr: 'two', exitCode: 0 },
    });
    expect(lines.filter(({ stream }) => stream === 'stdout')).toEqual([
      { stream: 'stdout', level: 'info', text: 'one' },
      { stream: 'stdout', level: 'info', text: 'three' },
    ]);
    expect(lines.filter(({ stream }) => stream === 'stderr')).toEqual([{ stream: 'stderr', level: 'warn', text: 'two' }]);
  });

  it('fails by its exit code, with its outputs, and can be tried again', async () => {
    expect(await outcomeOf('echo "a=1" >> "$KB_OUTPUT"; echo why >&2; exit 3')).toEqual({
      status: 'failed',
      error: { code: 'EXIT_CODE', message: 'the script ended with exit code 3', details: { exitCode: 3 } },
      outputs: { a: '1', stdout: '', stderr: 'why', exitCode: 3 },
      retryable: true,
    });
  });

  it('fails by a signal', async () => {
    expect(await outcomeOf('kill -KILL $$')).toMatchObject({
      status: 'failed',
      error: { code: 'EXIT_CODE', details: { signal: 'SIGKILL' }, hint: expect.stringContaining('memory') },
      outputs: { exitCode: 137 },
    });
  });

  it.each([
    ['bash ends at the first failing command', 'bash', 'false\necho not reached'],
    ['bash ends at a failing command of a pipeline', 'bash', 'false | cat\necho not reached'],
    ['sh ends at the first failing command', 'sh', 'false\necho not reached'],
    ['node ends at an error', 'node', 'throw new Error("x"); console.log("not reached")'],
    ['python ends at an error', 'python', 'raise SystemExit(1)\nprint("not reached")'],
  ] as const)('%s', async (_, shell, script) => {
    const outcome = await outcomeOf(script, { shell });
    expect(outcome).toMatchObject({ status: 'failed', error: { code: 'EXIT_CODE' }, outputs: { exitCode: 1, stdout: '' } });
  });

  it('of node finds the packages of the workspace, by require and by import', async () => {
    using folder = temporaryFolder();
    const place = join(folder.path, 'node_modules', 'a-package');
    mkdirSync(place, { recursive: true });
    writeFileSync(join(place, 'index.js'), 'module.exports = { name: "a-package" };');
    const required = recordCall({ workspace: folder.path, input: scriptInput('console.log(require("a-package").name)', 'node') });
    expect(await runScript(required.call, options)).toMatchObject({ outputs: { stdout: 'a-package' } });
    const imported = recordCall({ workspace: folder.path, input: scriptInput('import it from "a-package"; console.log(await it.name)', 'node') });
    expect(await runScript(imported.call, options)).toMatchObject({ outputs: { stdout: 'a-package' } });
  });

  it('starts in the workspace, or in a folder inside it', async () => {
    using folder = temporaryFolder();
    mkdirSync(join(folder.path, 'packages', 'one'), { recursive: true });
    symlinkSync('packages/one', join(folder.path, 'link'));
    const cwdOf = async (path?: string) => (await runScript(recordCall({ workspace: folder.path, input: scriptInput('pwd', 'sh', path) }).call, options)).outputs['stdout'];
    expect(await cwdOf()).toBe(folder.path);
    expect(await cwdOf('packages/one')).toBe(join(folder.path, 'packages', 'one'));
    expect(await cwdOf('link')).toBe(join(folder.path, 'packages', 'one'));
  });

  it.each([
    ['../', 'is not inside the workspace'],
    ['/', 'is not inside the workspace'],
    ['out', 'is not inside the workspace'],
    ['a/../../..', 'is not inside the workspace'],
    ['missing', 'is not a folder'],
    ['file', 'is not a folder'],
  ])('does not start in %s', async (path, problem) => {
    using folder = temporaryFolder();
    symlinkSync('/', join(folder.path, 'out'));
    writeFileSync(join(folder.path, 'file'), '');
    const { call } = recordCall({ workspace: folder.path, input: scriptInput('touch started', 'sh', path) });
    expect(await runScript(call, options)).toMatchObject({ status: 'failed', error: { code: 'INPUT_INVALID', message: expect.stringContaining(problem) }, retryable: false });
  });

  it('does not start without its interpreter, and says so', async () => {
    using folder = temporaryFolder();
    const { call } = recordCall({ workspace: folder.path, env: { PATH: folder.path }, input: scriptInput('print(1)', 'python') });
    expect(await runScript(call, options)).toEqual({
      status: 'failed',
      error: { code: 'PROGRAM_NOT_FOUND', message: 'python3 was not found', hint: expect.stringContaining('PATH') },
      outputs: {},
      retryable: false,
    });
  });

  it('does not start in a workspace that is gone', async () => {
    const { call } = recordCall({ workspace: '/no/such/workspace', input: scriptInput('true') });
    expect(await runScript(call, options)).toMatchObject({ status: 'failed', error: { code: 'PROGRAM_NOT_STARTED', message: 'the folder /no/such/workspace does not exist' } });
  });

  it('leaves none of its temporary files behind, whatever it did to them', async () => {
    using folder = temporaryFolder();
    for (const script of [
      'true',
      'mkdir -p "$KB_ARTIFACTS/a/b"; echo x > "$KB_ARTIFACTS/a/b/c"; chmod 0500 "$KB_ARTIFACTS/a/b"; echo y > "$(dirname "$KB_OUTPUT")/more"',
      'rm -rf "$(dirname "$KB_OUTPUT")"',
      'rm "$KB_OUTPUT"; rmdir "$KB_ARTIFACTS"',
      'echo /dev/stdout >/dev/null',
    ]) {
      const { call } = recordCall({ workspace: folder.path, input: scriptInput(script) });
      expect(await runScript(call, { ...options, hostEnv: { ...process.env, TMPDIR: folder.path } })).toMatchObject({ status: 'success' });
      expect(readdirSync(folder.path)).toEqual([]);
    }
  });

  it('answers before its folder is removed, but not before what it was given and wrote is', async () => {
    using folder = temporaryFolder();
    const open: Promise<void>[] = [];
    const removals = new Removals();
    removals.add = async (removal) => void open.push(removal);
    const { call } = recordCall({ workspace: folder.path, input: scriptInput('echo "a=secret" >> "$KB_OUTPUT"') });
    expect(await runScript(call, { ...options, removals, hostEnv: { ...process.env, TMPDIR: folder.path } })).toMatchObject({ status: 'success', outputs: { a: 'secret' } });
    const files = readdirSync(folder.path, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
    expect([files, open.length]).toEqual([[], 1]);
    await Promise.all(open);
    expect(readdirSync(folder.path)).toEqual([]);
  });

  it('writes to its own output by name, and what it calls is told what to do when it cannot', async () => {
    expect(await outcomeOf('echo a > /dev/stderr; echo b | tee /dev/stderr')).toMatchObject({ outputs: { stdout: 'b', stderr: 'a\nb' } });
    using folder = temporaryFolder();
    writeFileSync(join(folder.path, 'called.sh'), 'echo a > /dev/stderr');
    const { call, lines } = recordCall({ workspace: folder.path, input: scriptInput('sh called.sh') });
    expect(await runScript(call, options)).toMatchObject({ status: 'failed' });
    expect(lines.at(-1)).toEqual({ stream: 'engine', level: 'info', text: expect.stringContaining('"# uses /dev/stderr"') });
    const helped = recordCall({ workspace: folder.path, input: scriptInput('sh called.sh # uses /dev/stderr') });
    expect(await runScript(helped.call, options)).toMatchObject({ status: 'success', outputs: { stderr: 'a' } });
  });

  it('has what it left running ended, and says so in the log', async () => {
    using folder = temporaryFolder();
    const pids = join(folder.path, 'pids');
    const { call, lines } = recordCall({ workspace: folder.path, input: scriptInput('sleep 1000 & echo $! >> pids; setsid sleep 1000 & echo $! >> pids') });
    expect(await runScript(call, options)).toMatchObject({ status: 'success' });
    expect(alive(await processesIn(pids, 2))).toEqual([]);
    expect(lines).toEqual([{ stream: 'engine', level: 'info', text: 'ended what the script had left running (processes: 2)' }]);
  });
});

describe('a script that is aborted', () => {
  it('ends with everything it started, and with what it had said by then', async () => {
    using folder = temporaryFolder();
    const controller = new AbortController();
    const script = 'echo "a=1" >> "$KB_OUTPUT"; echo begun; (setsid sleep 1000 & echo $! >> pids); echo $$ >> pids; sleep 1000';
    const { call } = recordCall({ workspace: folder.path, signal: controller.signal, input: scriptInput(script) });
    const ending = runScript(call, options);
    const pids = await processesIn(join(folder.path, 'pids'), 2);
    controller.abort();
    expect(await ending).toEqual({ status: 'aborted', outputs: { a: '1', stdout: 'begun', stderr: '', exitCode: 143 } });
    expect(alive(pids)).toEqual([]);
  });

  it('gets its time to clean up', async () => {
    using folder = temporaryFolder();
    const controller = new AbortController();
    const { call } = recordCall({
      workspace: folder.path,
      signal: controller.signal,
      input: scriptInput('trap "echo cleaned up; exit 0" TERM; echo $$ > pids; while :; do sleep 0.01; done'),
    });
    const ending = runScript(call, { ...options, killGraceMs: 10_000 });
    await processesIn(join(folder.path, 'pids'), 1);
    controller.abort();
    expect(await ending).toMatchObject({ status: 'aborted', outputs: { stdout: 'cleaned up', exitCode: 0 } });
  });

  it('does not start when that was before', async () => {
    using folder = temporaryFolder();
    const { call } = recordCall({ workspace: folder.path, signal: AbortSignal.abort(), input: scriptInput('touch started') });
    expect(await runScript(call, options)).toEqual({ status: 'aborted', outputs: {} });
    expect(existsSync(join(folder.path, 'started'))).toBe(false);
  });

  it('ends although nobody takes its lines', async () => {
    using folder = temporaryFolder();
    const controller = new AbortController();
    const { call } = recordCall({
      workspace: folder.path,
      signal: controller.signal,
      input: scriptInput('yes'),
      log: () => {
        controller.abort();
        return new Promise(() => undefined);
      },
    });
    expect(await runScript(call, options)).toMatchObject({ status: 'aborted' });
  });
});

describe('the outputs of a script', () => {
  it.each([
    ['a malformed line', 'printf "a=1\\n\\noops\\n" >> "$KB_OUTPUT"', { code: 'OUTPUT_INVALID', message: expect.stringContaining('line 3 of $KB_OUTPUT'), details: { line: 3, problem: expect.any(String) } }],
    ['a forged field', 'echo exitCode=0 >> "$KB_OUTPUT"', { code: 'OUTPUT_INVALID', message: expect.stringContaining("exitCode is the engine's") }],
    ['a link in place of the file', 'ln -sf /etc/passwd "$KB_OUTPUT"', { code: 'OUTPUT_INVALID', message: expect.stringContaining('no longer a plain file') }],
    ['a named pipe in place of the file', 'rm "$KB_OUTPUT"; mkfifo "$KB_OUTPUT"', { code: 'OUTPUT_INVALID', message: expect.stringContaining('no longer a plain file') }],
    ['a folder in place of the file', 'rm "$KB_OUTPUT"; mkdir "$KB_OUTPUT"', { code: 'OUTPUT_INVALID', message: expect.stringContaining('no longer a plain file') }],
    ['too much', '{ printf a=; head -c 67108864 /dev/zero | tr "\\0" x; } > "$KB_OUTPUT"', { code: 'OUTPUT_TOO_LARGE' }],
    ['a file without end', 'truncate -s 100G "$KB_OUTPUT"', { code: 'OUTPUT_TOO_LARGE' }],
  ])('are refused for %s', async (_, script, error) => {
    expect(await outcomeOf(`echo said; ${script}`)).toMatchObject({ status: 'failed', error, outputs: { stdout: 'said', stderr: '', exitCode: 0 }, retryable: false });
  });

  it('of one that fails anyway do not hide why, and are said to be refused in the log', async () => {
    using folder = temporaryFolder();
    const { call, lines } = recordCall({ workspace: folder.path, input: scriptInput('echo oops >> "$KB_OUTPUT"; exit 4') });
    expect(await runScript(call, options)).toMatchObject({ status: 'failed', error: { code: 'EXIT_CODE' }, outputs: { exitCode: 4 }, retryable: true });
    expect(lines).toEqual([{ stream: 'engine', level: 'warn', text: expect.stringContaining('line 1 of $KB_OUTPUT') }]);
  });

  it('are none when the file is gone', async () => {
    expect(await outcomeOf('rm "$KB_OUTPUT"')).toEqual({ status: 'success', outputs: { stdout: '', stderr: '', exitCode: 0 } });
  });

  it('leave to what was printed the room up to what is kept as it is, down to none', async () => {
    const room = LIMITS.outputBytes - JSON.stringify({ a: '', stdout: '', stderr: '', exitCode: 0 }).length;
    const fits = await outcomeOf(writeText(room));
    expect(fits).toMatchObject({ status: 'success', outputs: { stdout: '' } });
    expect(Buffer.byteLength(JSON.stringify(fits.outputs))).toBe(LIMITS.outputBytes);
    expect(await outcomeOf(writeText(room + 1))).toMatchObject({ status: 'success', outputs: { stdout: 'printed' } });
  });

  it('fit the limit exactly, and no byte more', async () => {
    const room = LIMITS.rawOutputBytes - JSON.stringify({ a: '', stdout: '', stderr: '', exitCode: 0 }).length;
    const fits = await outcomeOf(writeText(room));
    expect(fits.status === 'success' && fits.outputs['stdout']).toBe('');
    expect(String(fits.outputs['a']).length).toBe(room);
    const over = await outcomeOf(writeText(room + 1));
    expect(over).toEqual({
      status: 'failed',
      error: { code: 'OUTPUT_TOO_LARGE', message: expect.any(String), hint: expect.any(String), details: { bytes: LIMITS.rawOutputBytes + 1, limit: LIMITS.rawOutputBytes } },
      outputs: { stdout: 'printed', stderr: '', exitCode: 0 },
      retryable: false,
    });
  });

  it('hold the end of a long output, within the limit even when each byte takes six', async () => {
    const { outputs } = await outcomeOf('head -c 2000000 /dev/zero; echo; head -c 2000000 /dev/zero >&2; echo the end');
    expect(String(outputs['stdout'])).toMatch(/^\[… \d+ bytes left out\]\n\0+\nthe end$/);
    expect(String(outputs['stderr'])).toMatch(/^\[… \d+ bytes left out\]\n\0+$/);
    expect(Buffer.byteLength(JSON.stringify(outputs))).toBeLessThanOrEqual(LIMITS.outputBytes);
  });
});

describe('the lines of a script', () => {
  it('are cut at the limit, keep their order and replace what is not text', async () => {
    using folder = temporaryFolder();
    const { call, lines } = recordCall({
      workspace: folder.path,
      input: scriptInput('for i in $(seq 2000); do echo $i; done; head -c 100000 /dev/zero | tr "\\0" x; echo; printf "a\\377b\\n10%%\\r20%%\\r\\nlast"'),
    });
    await runScript(call, options);
    const texts = lines.map(({ text }) => text);
    expect(texts.slice(0, 2_000)).toEqual(Array.from({ length: 2_000 }, (_, at) => String(at + 1)));
    expect(Buffer.byteLength(texts[2_000] ?? '')).toBe(LIMITS.logLineBytes);
    expect(texts[2_000]).toMatch(/^x+ … \[cut: the line has 100000 bytes\]$/);
    expect(texts.slice(2_001)).toEqual(['a\ufffdb', '10%', '20%', 'last']);
  });

  it('are sent one after the other when the log asks to wait', async () => {
    using folder = temporaryFolder();
    let open = 0;
    let most = 0;
    const texts: string[] = [];
    const log: StepCall['log'] = async ({ text }) => {
      open += 1;
      most = Math.max(most, open);
      await new Promise((resolve) => setImmediate(resolve));
      texts.push(text);
      open -= 1;
    };
    const { call } = recordCall({ workspace: folder.path, log, input: scriptInput('seq 500; printf end') });
    await runScript(call, options);
    expect(most).toBe(1);
    expect(texts).toEqual([...Array.from({ length: 500 }, (_, at) => String(at + 1)), 'end']);
  });
});

function writeText(bytes: number): string {
  return `head -c ${String(bytes)} /dev/zero | tr "\\0" x | { printf a=; cat; } > "$KB_OUTPUT"; echo printed`;
}

async function outcomeOf(script: string, { shell = 'bash' }: { shell?: Shell } = {}): Promise<StepOutcome> {
  using folder = temporaryFolder();
  return await runScript(recordCall({ workspace: folder.path, input: scriptInput(script, shell) }).call, options);
}
