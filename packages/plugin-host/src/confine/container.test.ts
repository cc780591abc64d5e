import { execFileSync, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { temporaryFolder } from '../step-call.fixture.js';
import type { Room } from './confinement.js';
import { container } from './container.js';
import { ask, findContainerProgram } from './container-program.js';
import { deafPodman } from './deaf-podman.fixture.js';
import { isGone, OWNER_LABEL, ownerName } from './owner.js';
import { PROBE_RUNNER, PROBES, surroundings } from './probes.fixture.js';
import { resolveImage } from './resolve-image.js';
import { marked, type RanProgram, runConfined } from './run-confined.fixture.js';
import { sweepContainers } from './sweep-containers.js';
import { testImage } from './test-image.fixture.js';

const prepared = await testImage();
const hostEnv = prepared.ok ? prepared.hostEnv : {};
const settings = { program: 'podman', pull: 'never' } as const;
const signal = new AbortController().signal;
const image = prepared.ok ? (await resolveImage(prepared.reference, settings, { hostEnv, signal })).id : '';

function roomIn(workspace: string, changes: Partial<Room> = {}): Room {
  return { workspace, workspaceAccess: 'write', readable: [], writable: [], network: false, limits: {}, image, labels: { job: 'tests' }, ...changes };
}

async function podman(...args: string[]): Promise<string> {
  const found = await findContainerProgram(settings, hostEnv);
  if (!found.ok) throw new Error(found.problem);
  return ask(found.program, args);
}

describe.skipIf(!prepared.ok)(`container${prepared.ok ? '' : ` (skipped: ${prepared.problem})`}`, { timeout: 60_000 }, () => {
  const confinement = container(settings, { hostEnv });

  it('lets none of the probes through', async () => {
    await using around = await surroundings();
    const inner = { program: process.execPath, args: ['-e', PROBE_RUNNER], cwd: around.room.workspace, env: around.env };
    const confined = await runConfined(await confinement.wrap(inner, { ...around.room, image }), { input: JSON.stringify(PROBES) });
    expect(confined.err).toBe('');
    expect(JSON.parse(confined.out)).toEqual([]);
    expect(around.changed()).toEqual([]);
  });

  it('shows what the room names, under the same paths, and gives streams, arguments and the exit code on', async () => {
    using outside = temporaryFolder();
    const at = (...names: string[]): string => join(outside.path, ...names);
    for (const name of ['workspace', 'plugin', 'step']) mkdirSync(at(name));
    writeFileSync(at('plugin/code.js'), 'of the plugin');
    const room = roomIn(at('workspace'), { readable: [at('plugin')], writable: [at('step')] });
    const script = 'cat "$1/plugin/code.js"; cat; echo made > made; echo out > "$1/step/out"; echo scratch > /tmp/x; id -u; echo "$2" >&2; exit 7';
    const confined = await confinement.wrap({ program: 'sh', args: ['-c', script, 'sh', outside.path, '$(x) "\''], cwd: at('workspace'), env: {} }, room);
    const ran = await runConfined(confined, { input: ' and the input\n' });
    expect(ran).toMatchObject({ out: expect.stringMatching(/^of the plugin and the input\n[1-9]\d*\n$/), err: '$(x) "\'\n', end: { exitCode: 7, leftovers: 0 } });
    expect([readFileSync(at('workspace/made'), 'utf8'), readFileSync(at('step/out'), 'utf8')]).toEqual(['made\n', 'out\n']);
    expect(statSync(at('workspace/made')).uid).toBe(process.getuid?.());
  });

  it('leaves the program no capability, no way to get one, and a filter', async () => {
    using folder = temporaryFolder();
    const inner = { program: 'cat', args: ['/proc/self/status'], cwd: folder.path, env: {} };
    const { out } = await runConfined(await confinement.wrap(inner, roomIn(folder.path)));
    const of = (name: string): string | undefined => new RegExp(`^${name}:\\s*(.*)$`, 'm').exec(out)?.[1];
    expect(['CapInh', 'CapPrm', 'CapEff', 'CapBnd', 'CapAmb'].map(of)).toEqual(Array(5).fill('0000000000000000'));
    expect([of('NoNewPrivs'), of('Seccomp'), of('Uid')?.startsWith('0')]).toEqual(['1', '2', false]);
  });

  it('gives the program its environment to the letter, and Podman none of it', async () => {
    using folder = temporaryFolder();
    const planted = { ...hostEnv, HTTP_PROXY: 'http://name:secret@127.0.0.1:1', PLANTED: 'x' };
    const env = { PATH: hostEnv['PATH'] ?? '', TMPDIR: '/elsewhere', CONTAINERS_CONF: '/nowhere', DOCKER_HOST: 'tcp://x', UID: '7', MULTI: 'a\nb\n', EMPTY: '', KB_RUN_ID: 'run' };
    const confined = await container(settings, { hostEnv: planted }).wrap({ program: process.execPath, args: ['-p', 'JSON.stringify(process.env)'], cwd: folder.path, env }, roomIn(folder.path));
    expect(confined.env['CONTAINERS_CONF']).toBe(hostEnv['CONTAINERS_CONF']);
    expect(confined.args.join('\n')).not.toContain('tcp://x');
    const seen = JSON.parse((await runConfined(confined)).out) as Record<string, string>;
    const { PATH, ...rest } = env;
    expect(seen).toMatchObject({ ...rest, HOME: '/tmp' });
    // The image says where its programs are.
    expect(seen['PATH']).not.toBe(PATH);
    expect(Object.keys(seen).filter((name) => !(name in rest)).toSorted()).toEqual(['HOME', 'HOSTNAME', 'PATH', 'PWD', 'TERM', 'container']);
  });

  it('holds the limits of the room', async () => {
    using folder = temporaryFolder();
    const fill = 'const kept = []; for (;;) kept.push(Buffer.alloc(16 * 1024 * 1024, 1));';
    const filled = await confinement.wrap({ program: process.execPath, args: ['-e', fill], cwd: '/', env: {} }, roomIn(folder.path, { limits: { memoryBytes: 128 * 2 ** 20 } }));
    expect((await runConfined(filled)).end).toMatchObject({ exitCode: 137 });
    const fork = 'i=0; while [ $i -lt 40 ]; do sleep 1000 & i=$((i+1)); done; echo all';
    const forked = await confinement.wrap({ program: 'sh', args: ['-c', fork], cwd: '/', env: {} }, roomIn(folder.path, { limits: { pids: 16 } }));
    expect((await runConfined(forked)).out).toBe('');
  });

  it('runs further programs in the same container, and ends them', async () => {
    using folder = temporaryFolder();
    const abort = new AbortController();
    const first = await confinement.wrap({ program: 'sh', args: ['-c', 'echo of-the-room > /tmp/x; echo ready; exec sleep 1000'], cwd: folder.path, env: {} }, roomIn(folder.path));
    const nexts: Promise<unknown>[] = [];
    const onOut = (): void => {
      nexts.push(
        (async () => {
          const next = await first.inside({ program: 'sh', args: ['-c', 'cat /tmp/x; echo "$A"; exit 5'], cwd: folder.path, env: { A: 'b\nc' } });
          expect(await runConfined(next)).toMatchObject({ out: 'of-the-room\nb\nc\n', end: { exitCode: 5 } });
          const ending = new AbortController();
          const stuck = await first.inside({ program: 'sh', args: ['-c', 'trap "" TERM; sleep 1000 & echo up; while :; do sleep 1000; done'], cwd: folder.path, env: { KB_MARK: folder.path } });
          const ran = await runConfined(stuck, { signal: ending.signal, onOut: () => ending.abort() });
          expect(ran.end).toMatchObject({ aborted: true });
          expect(marked(`KB_MARK=${folder.path}`)).toEqual([]);
        })().finally(() => abort.abort()),
      );
    };
    await runConfined(first, { signal: abort.signal, onOut });
    await Promise.all(nexts);
    expect(nexts).toHaveLength(1);
  });

  it('leaves nothing when it is aborted, whatever went off on its own', async () => {
    using folder = temporaryFolder();
    const mark = `KB_MARK=${folder.path}`;
    const script = 'trap "" TERM; env -i setsid sleep 1000 & (setsid sh -c "sleep 1000 & sleep 1000" &) ; sleep 0.1; echo ready; while :; do sleep 1000; done';
    const abort = new AbortController();
    const confined = await confinement.wrap({ program: 'sh', args: ['-c', script], cwd: folder.path, env: { KB_MARK: folder.path } }, roomIn(folder.path));
    let seen = 0;
    const onOut = (): void => {
      seen = marked(mark).length;
      abort.abort();
    };
    const ran = await runConfined(confined, { signal: abort.signal, onOut });
    expect(ran.end).toMatchObject({ kind: 'exited', aborted: true });
    expect(seen).toBeGreaterThan(3);
    expect(marked(mark)).toEqual([]);
    expect(await podman('ps', '--all', '--quiet', '--filter', `name=${confined.args[2] ?? 'none'}`)).toBe('');
  });

  it('lets a program end in its own way when it is told to end', async () => {
    using folder = temporaryFolder();
    const abort = new AbortController();
    const script = 'trap "echo cleaned > cleaned; exit 3" TERM; echo ready; while :; do sleep 0.01; done';
    const confined = await confinement.wrap({ program: 'sh', args: ['-c', script], cwd: folder.path, env: {} }, roomIn(folder.path));
    const ran = await runConfined(confined, { signal: abort.signal, onOut: () => abort.abort(), killGraceMs: 30_000 });
    expect(ran.end).toMatchObject({ exitCode: 3, aborted: true });
    expect(readFileSync(join(folder.path, 'cleaned'), 'utf8')).toBe('cleaned\n');
  });

  it('tells it so by the name of the container, for who runs it may not hand on what it is told', async () => {
    using folder = temporaryFolder();
    const cleaned = join(folder.path, 'cleaned');
    const deaf = container(settings, { hostEnv: await deafPodman(folder.path, hostEnv) });
    const endTold = async (byName: boolean): Promise<RanProgram> => {
      const abort = new AbortController();
      const script = 'trap "echo cleaned > cleaned; exit 3" TERM; echo ready; while :; do sleep 0.01; done';
      const { terminate, ...confined } = await deaf.wrap({ program: 'sh', args: ['-c', script], cwd: folder.path, env: {} }, roomIn(folder.path));
      return runConfined(byName ? { ...confined, terminate } : confined, { signal: abort.signal, onOut: () => abort.abort(), killGraceMs: 30_000 });
    };
    await endTold(false);
    expect(existsSync(cleaned)).toBe(false);
    expect((await endTold(true)).end).toMatchObject({ exitCode: 3, aborted: true });
    expect(existsSync(cleaned)).toBe(true);
  });

  it('says what an image lacks', async () => {
    using folder = temporaryFolder();
    mkdirSync(join(folder.path, 'root'));
    writeFileSync(join(folder.path, 'root/file'), '');
    execFileSync('tar', ['-C', join(folder.path, 'root'), '-cf', join(folder.path, 'empty.tar'), '.']);
    await podman('import', '--quiet', join(folder.path, 'empty.tar'), 'localhost/kb-empty:1');
    await expect(resolveImage('localhost/kb-empty:1', settings, { hostEnv, signal })).rejects.toMatchObject({ code: 'TARGET_NOT_AVAILABLE', message: expect.stringContaining('has no sh') });
    const inner = { program: process.execPath, args: ['-e', '0'], cwd: '/', env: { PATH: '/nowhere' } };
    expect(await runConfined(await confinement.wrap(inner, roomIn(folder.path)))).toMatchObject({ end: { exitCode: 127 }, err: 'the image has no node, which a handler needs\n' });
  });

  it('finds images by their names, gets none that may not be had, and runs by the id', async () => {
    const options = { hostEnv, signal };
    const reference = prepared.ok ? prepared.reference : '';
    const found = await resolveImage(reference, settings, options);
    expect(found).toEqual({ id: expect.stringMatching(/^sha256:[a-f0-9]{64}$/), digest: found.id, reference });
    expect(await resolveImage(reference, { ...settings, images: ['other/*', 'localhost/kb-test:*'] }, options)).toEqual(found);
    await expect(resolveImage(reference, { ...settings, images: ['localhost/other*', 'kb-test:1', '*'] }, options)).rejects.toMatchObject({ code: 'TARGET_NOT_AVAILABLE' });
    await expect(resolveImage('localhost/not-there:1', settings, options)).rejects.toMatchObject({ code: 'IMAGE_NOT_AVAILABLE' });
    await expect(resolveImage('127.0.0.1:1/not-there:1', { ...settings, pull: 'missing' }, options)).rejects.toMatchObject({ code: 'IMAGE_NOT_AVAILABLE' });
    for (const bad of ['docker-archive:/etc/x.tar', 'dir:/etc', '--privileged', 'a b', 'a\n', '', 'a@sha256:1', `a${'b'.repeat(600)}`]) await expect(resolveImage(bad, settings, options)).rejects.toMatchObject({ code: 'TARGET_NOT_AVAILABLE' });
    await expect(resolveImage(reference, settings, { hostEnv, signal: AbortSignal.abort(new Error('stop')) })).rejects.toThrow('stop');
  });

  it('refuses to run without an image', async () => {
    using folder = temporaryFolder();
    const { image: _, ...room } = roomIn(folder.path);
    await expect(confinement.wrap({ program: 'true', args: [], cwd: '/', env: {} }, room)).rejects.toMatchObject({ code: 'TARGET_NOT_AVAILABLE' });
  });

  it('sweeps what a dead engine has left, and nothing of a living one', async () => {
    const gone = spawn('true', [], { stdio: 'ignore' });
    const dead = ownerName(gone.pid);
    await once(gone, 'exit');
    const id = randomBytes(4).toString('hex');
    const names = { dead: `kb-dead-${id}`, alive: `kb-alive-${id}`, elsewhere: `kb-elsewhere-${id}`, others: `others-${id}` };
    const start = async (name: string, owner: string): Promise<void> => void (await podman('run', '--detach', '--name', name, '--label', `${OWNER_LABEL}=${owner}`, '--network', 'none', image, 'sleep', '1000'));
    try {
      await Promise.all([start(names.dead, dead), start(names.alive, ownerName()), start(names.elsewhere, dead.replace(/^[^/]+/, 'another-machine')), start(names.others, dead)]);
      expect(await sweepContainers(settings, hostEnv)).toContain(names.dead);
      const left = await podman('ps', '--all', '--format', '{{.Names}}', '--filter', `label=${OWNER_LABEL}`);
      expect(left.split('\n').filter((name) => name.endsWith(id)).toSorted()).toEqual([names.alive, names.elsewhere, names.others]);
    } finally {
      await podman('rm', '--force', '--time', '0', '--ignore', ...Object.values(names));
    }
  });
});

describe('findContainerProgram', () => {
  it('says why there is none', async () => {
    expect(await findContainerProgram({}, { PATH: '/nowhere' })).toEqual({ ok: false, problem: 'podman is not installed; docker is not installed' });
    using folder = temporaryFolder();
    writeFileSync(join(folder.path, 'docker'), '#!/bin/sh\necho "Cannot connect to the daemon" >&2; exit 1', { mode: 0o755 });
    expect(await findContainerProgram({ program: 'docker' }, { PATH: folder.path })).toEqual({ ok: false, problem: 'docker does not work: Cannot connect to the daemon' });
    const confinement = container({}, { hostEnv: { PATH: '/nowhere' } });
    await expect(confinement.wrap({ program: 'true', args: [], cwd: '/', env: {} }, roomIn(folder.path))).rejects.toMatchObject({ code: 'TARGET_NOT_AVAILABLE' });
  });

  it('tells rootless programs from others', async () => {
    using folder = temporaryFolder();
    const answer = async (program: 'podman' | 'docker', said: string): Promise<unknown> => {
      writeFileSync(join(folder.path, program), `#!/bin/sh\necho '${said}'`, { mode: 0o755 });
      const found = await findContainerProgram({ program }, { PATH: folder.path, LANG: said });
      return found.ok ? found.program.user : found.problem;
    };
    const [uid, gid] = [process.getuid?.() ?? 0, process.getgid?.() ?? 0];
    expect(await answer('docker', '[name=seccomp name=rootless]')).toEqual(['--user', '0:0']);
    expect(await answer('podman', 'true')).toEqual(['--userns', 'keep-id', '--user', `${String(uid)}:${String(gid)}`]);
    if (uid === 0) {
      expect(await answer('docker', '[name=seccomp]')).toContain('an engine that is root');
      expect(await answer('podman', 'false')).toEqual(expect.arrayContaining(['--uidmap', '1000:0:1', '--user', '1000:1000']));
    } else {
      expect(await answer('docker', '[name=seccomp]')).toEqual(['--user', `${String(uid)}:${String(gid)}`]);
    }
  });
});

describe('isGone', () => {
  it('knows a process by its start, its boot and its machine', () => {
    const own = ownerName();
    expect(isGone(own)).toBe(false);
    const parts = own.split('/');
    const changed = (index: number, value: string): string => parts.with(index, value).join('/');
    expect([0, 1, 2, 3, 4].map((index) => isGone(changed(index, index === 3 ? '999999999' : 'other')))).toEqual([false, true, false, true, true]);
    expect(['', 'x', '///', `${parts[0] ?? ''}/x/y/z/1`].map(isGone)).toEqual([false, false, false, false]);
  });
});
