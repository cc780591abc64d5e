import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

import { describe, expect, it, vi } from 'vitest';

import { temporaryFolder } from '../step-call.fixture.js';
import { bubblewrap, sandboxArgs } from './bubblewrap.js';
import { canSandbox, trySandbox } from './can-sandbox.js';
import type { Room } from './confinement.js';
import { PROBE_RUNNER, PROBES, surroundings } from './probes.fixture.js';
import { marked, runConfined } from './run-confined.fixture.js';

const sandbox = await canSandbox();
const PATH = process.env['PATH'] ?? '';

function roomIn(workspace: string, changes: Partial<Room> = {}): Room {
  return { workspace, workspaceAccess: 'write', readable: [], writable: [], network: false, limits: {}, labels: {}, ...changes };
}

describe.skipIf(!sandbox.ok)(`bubblewrap${sandbox.ok ? '' : ` (skipped: ${sandbox.problem})`}`, () => {
  const confinement = bubblewrap({ program: sandbox.ok ? sandbox.program : '' });

  it('lets none of the probes through that come through without it', { timeout: 60_000 }, async () => {
    await using around = await surroundings();
    const inner = { program: process.execPath, args: ['-e', PROBE_RUNNER], cwd: around.room.workspace, env: around.env };
    const confined = await runConfined(await confinement.wrap(inner, around.room), { input: JSON.stringify(PROBES) });
    expect(confined.err).toBe('');
    expect(JSON.parse(confined.out)).toEqual([]);
    expect(around.changed()).toEqual([]);
    const free = await runConfined(inner, { input: JSON.stringify(PROBES) });
    const through = JSON.parse(free.out) as string[];
    expect(PROBES.length).toBeGreaterThanOrEqual(40);
    // Not all: root may do what others may not, and a program can be missing.
    expect(through.length).toBeGreaterThan(PROBES.length / 2);
    if (process.getuid?.() === 0) expect(PROBES.map(({ name }) => name).filter((name) => !through.includes(name)).length).toBeLessThan(10);
  });

  it('shows what the room names, under the same paths, and gives streams, arguments and the exit code on', async () => {
    using outside = temporaryFolder();
    const at = (...names: string[]): string => join(outside.path, ...names);
    for (const name of ['workspace', 'plugin', 'step']) mkdirSync(at(name));
    writeFileSync(at('plugin/code.js'), 'of the plugin');
    const room = roomIn(at('workspace'), { readable: [at('plugin'), at('not-there')], writable: [at('step')] });
    const script = 'cat "$1/plugin/code.js"; cat; echo made > made; echo out > "$1/step/out"; echo "$2" > /dev/stderr; echo scratch > /tmp/x; exit 7';
    const ran = await runConfined(await confinement.wrap({ program: 'sh', args: ['-c', script, 'sh', outside.path, '$(x) "\''], cwd: at('workspace'), env: { PATH } }, room), { input: ' and the input', pipeFolder: outside.path });
    expect(ran).toMatchObject({ out: 'of the plugin and the input', err: '$(x) "\'\n', end: { exitCode: 7, leftovers: 0 } });
    expect([readFileSync(at('workspace/made'), 'utf8'), readFileSync(at('step/out'), 'utf8')]).toEqual(['made\n', 'out\n']);
    expect(statSync(at('workspace/made')).uid).toBe(process.getuid?.());
  });

  it.each([
    ['read', 'read\n', 'EROFS'],
    ['none', '', 'ENOENT'],
  ] as const)('opens the workspace as far as "%s" says', async (workspaceAccess, out, code) => {
    using folder = temporaryFolder();
    writeFileSync(join(folder.path, 'file'), 'read\n');
    const script = 'try { process.stdout.write(fs.readFileSync(process.argv[1])) } catch {} try { fs.appendFileSync(process.argv[1], "more") } catch (error) { process.stderr.write(error.code) }';
    const inner = { program: process.execPath, args: ['-e', script, join(folder.path, 'file')], cwd: '/', env: {} };
    expect(await runConfined(await confinement.wrap(inner, roomIn(folder.path, { workspaceAccess })))).toMatchObject({ out, err: code });
    expect(readFileSync(join(folder.path, 'file'), 'utf8')).toBe('read\n');
  });

  it('leaves the program no capability, no way to get one, and a filter', async () => {
    using folder = temporaryFolder();
    const inner = { program: 'cat', args: ['/proc/self/status'], cwd: folder.path, env: { PATH } };
    const { out } = await runConfined(await confinement.wrap(inner, roomIn(folder.path)));
    const of = (name: string): string | undefined => new RegExp(`^${name}:\\s*(.*)$`, 'm').exec(out)?.[1];
    expect(['CapInh', 'CapPrm', 'CapEff', 'CapBnd', 'CapAmb'].map(of)).toEqual(Array(5).fill('0000000000000000'));
    expect([of('NoNewPrivs'), of('Seccomp'), of('Uid')?.startsWith('0')]).toEqual(['1', '2', false]);
  });

  it('gives the program its environment to the letter, and bubblewrap none of it', async () => {
    using folder = temporaryFolder();
    const env = { PATH, HOME: '/home/somebody', LD_PRELOAD: '', UID: '7', 'not-a.name': 'it\'s "x"', MULTI: 'a\nb\n', EMPTY: '', KB_RUN_ID: 'run', IFS: 'x' };
    const confined = await confinement.wrap({ program: process.execPath, args: ['-p', 'JSON.stringify(process.env)'], cwd: folder.path, env }, roomIn(folder.path));
    expect(Object.keys(confined.env).filter((name) => !/^KBENV_\d+$/.test(name))).toEqual(['KB_RUN_ID']);
    expect(confined.args.join('\n')).not.toContain('it\'s "x"');
    const { PWD, KB_STEP_TOKEN, PATH: path, ...rest } = JSON.parse((await runConfined(confined)).out) as Record<string, string>;
    expect({ ...rest, PATH }).toEqual(env);
    expect([PWD, KB_STEP_TOKEN, path?.startsWith(PATH)]).toEqual([folder.path, expect.any(String), true]);
  });

  it('runs further programs in the same room', async () => {
    using folder = temporaryFolder();
    const first = await confinement.wrap({ program: 'true', args: [], cwd: folder.path, env: { PATH } }, roomIn(folder.path));
    const next = await first.inside({ program: 'sh', args: ['-c', 'echo "$A" > from-inside; ls -A "$HOME"; cat /etc/shadow'], cwd: folder.path, env: { PATH, HOME: homedir(), A: 'b' } });
    expect(await runConfined(next)).toMatchObject({ out: '', end: { exitCode: 1 } });
    expect(readFileSync(join(folder.path, 'from-inside'), 'utf8')).toBe('b\n');
  });

  it('leaves nothing running when it is aborted, whatever went off on its own', async () => {
    using folder = temporaryFolder();
    const mark = `KB_MARK=${folder.path}`;
    const script = 'trap "" TERM; env -i setsid sleep 1000 & (setsid sh -c "sleep 1000 & sleep 1000" &) ; (nohup sleep 1000 >/dev/null 2>&1 &); sleep 0.1; echo ready; while :; do sleep 1000; done';
    const abort = new AbortController();
    const confined = await confinement.wrap({ program: 'sh', args: ['-c', script], cwd: folder.path, env: { PATH, KB_MARK: folder.path } }, roomIn(folder.path));
    let seen = 0;
    const onOut = (): void => {
      seen = marked(mark).length;
      abort.abort();
    };
    const ran = await runConfined(confined, { signal: abort.signal, onOut });
    expect(ran.end).toMatchObject({ kind: 'exited', aborted: true, survivors: [] });
    expect(seen).toBeGreaterThan(4);
    expect(marked(mark)).toEqual([]);
  });

  it('lets a program end in its own way when it is told to end', async () => {
    using folder = temporaryFolder();
    const abort = new AbortController();
    const script = 'trap "echo cleaned > cleaned; exit 3" TERM; echo ready; while :; do sleep 0.01; done';
    const confined = await confinement.wrap({ program: 'sh', args: ['-c', script], cwd: folder.path, env: { PATH } }, roomIn(folder.path));
    const ran = await runConfined(confined, { signal: abort.signal, onOut: () => abort.abort(), killGraceMs: 30_000 });
    expect(ran.end).toMatchObject({ exitCode: 3, aborted: true });
    expect(readFileSync(join(folder.path, 'cleaned'), 'utf8')).toBe('cleaned\n');
  });

  it('ends all of it with a program that ends by itself', async () => {
    using folder = temporaryFolder();
    const script = 'setsid sleep 1000 >/dev/null 2>&1 & env -i setsid sleep 1001 >/dev/null 2>&1 & exit 3';
    const confined = await confinement.wrap({ program: 'sh', args: ['-c', script], cwd: folder.path, env: { PATH, KB_MARK: folder.path } }, roomIn(folder.path));
    expect((await runConfined(confined)).end).toMatchObject({ exitCode: 3, survivors: [] });
    expect(marked(`KB_MARK=${folder.path}`)).toEqual([]);
  });

  it('ends with the engine', async () => {
    using folder = temporaryFolder();
    const mark = `KB_MARK=${folder.path}`;
    const { program, args, env } = await confinement.wrap({ program: 'sh', args: ['-c', 'trap "" TERM HUP; env -i setsid sleep 1000 & echo ready; while :; do sleep 1000; done'], cwd: folder.path, env: { PATH, KB_MARK: folder.path } }, roomIn(folder.path));
    const engine = spawn(process.execPath, ['-e', 'const [program, args, env] = JSON.parse(process.argv[1]); require("child_process").spawn(program, args, { env, detached: true, stdio: ["ignore", "inherit", "ignore"] })', JSON.stringify([program, args, env])], { stdio: ['ignore', 'pipe', 'ignore'] });
    await once(engine.stdout, 'data');
    expect(marked(mark).length).toBeGreaterThan(2);
    engine.kill('SIGKILL');
    await vi.waitFor(() => expect(marked(mark)).toEqual([]), { timeout: 10_000 });
  });

  it.skipIf(process.getuid?.() === 0)('lets no more processes start than the room has, unless the engine is root', async () => {
    using folder = temporaryFolder();
    const fork = 'i=0; while [ $i -lt 40 ]; do sleep 1000 & i=$((i+1)); done; echo all';
    const confined = await confinement.wrap({ program: 'sh', args: ['-c', fork], cwd: folder.path, env: { PATH } }, roomIn(folder.path, { limits: { pids: 16 } }));
    expect((await runConfined(confined)).out).toBe('');
  });

  it('says by 127 that a program is not there', async () => {
    using folder = temporaryFolder();
    const ran = await runConfined(await confinement.wrap({ program: 'no-such-program', args: [], cwd: folder.path, env: { PATH } }, roomIn(folder.path)));
    expect(ran).toMatchObject({ end: { exitCode: 127 }, err: expect.stringContaining('no-such-program') });
  });

  it('refuses a room without its workspace', async () => {
    using folder = temporaryFolder();
    const inner = { program: 'true', args: [], cwd: '/', env: {} };
    await expect(confinement.wrap(inner, roomIn(join(folder.path, 'gone')))).rejects.toMatchObject({ code: 'TARGET_NOT_AVAILABLE' });
    await expect(confinement.wrap(inner, roomIn('/'))).rejects.toMatchObject({ code: 'TARGET_NOT_AVAILABLE' });
  });

  it('reads the network of the machine only when the room has one', async () => {
    await using around = await surroundings();
    const probe = PROBES.filter(({ name }) => name === 'connect to a service of the machine');
    const inner = { program: process.execPath, args: ['-e', PROBE_RUNNER], cwd: around.room.workspace, env: around.env };
    const ran = await runConfined(await confinement.wrap(inner, { ...around.room, network: true }), { input: JSON.stringify(probe) });
    expect(JSON.parse(ran.out)).toEqual(probe.map(({ name }) => name));
  });
});

describe('the arguments of bubblewrap', () => {
  it('are these, the mounts of the room after those of the system', () => {
    const args = sandboxArgs({ home: '/home/x', network: false, cwd: '/w', mounts: [{ kind: 'write', path: '/w', source: '/real' }, { kind: 'read', path: '/w/.kb', source: '/real/.kb' }, { kind: 'empty', path: '/w/.kb/state', source: '/w/.kb/state' }] });
    const system = args.indexOf('--ro-bind');
    const uid = process.getuid?.() === 0 ? '1000' : String(process.getuid?.());
    expect(args.slice(0, system)).toEqual(
      `--unshare-user --unshare-pid --unshare-ipc --unshare-uts --unshare-cgroup-try --unshare-net --disable-userns --uid ${uid} --gid ${uid} --cap-drop ALL --hostname kb-sandbox --new-session --die-with-parent --size 1073741824 --perms 1777 --tmpfs /tmp --size 268435456 --perms 0700 --tmpfs /home/x`.split(' '),
    );
    expect(args.slice(args.indexOf('--proc'))).toEqual(
      '--proc /proc --remount-ro /proc --dev /dev --size 268435456 --perms 1777 --tmpfs /dev/shm --remount-ro /dev --bind /real /w --ro-bind /real/.kb /w/.kb --size 4096 --perms 0500 --tmpfs /w/.kb/state --remount-ro / --chdir /w'.split(' '),
    );
    expect(sandboxArgs({ home: '/h', network: true, cwd: '/', mounts: [] })).not.toContain('--unshare-net');
  });
});

describe('canSandbox', () => {
  it('says why there is none', async () => {
    expect(await trySandbox('darwin', PATH)).toEqual({ ok: false, problem: 'bubblewrap is there on Linux only' });
    expect(await trySandbox('linux', '/nowhere:relative')).toEqual({ ok: false, problem: 'bubblewrap (bwrap) is not installed' });
    using folder = temporaryFolder();
    writeFileSync(join(folder.path, 'bwrap'), '#!/bin/sh\necho "bwrap: Unknown option --size" >&2; exit 1', { mode: 0o755 });
    expect(await trySandbox('linux', folder.path)).toEqual({ ok: false, problem: 'bubblewrap is older than 0.8' });
    writeFileSync(join(folder.path, 'bwrap'), '#!/bin/sh\necho "bwrap: setting up uid map: Permission denied" >&2; exit 1', { mode: 0o755 });
    expect(await trySandbox('linux', folder.path)).toMatchObject({ ok: false, problem: expect.stringContaining('user namespaces') });
  });
});
