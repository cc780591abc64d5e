import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';

import type { HostEnv } from '../process-tree/base-env.js';
import { findContainerProgram } from './container-program.js';
import { findProgram } from './find-program.js';

const run = promisify(execFile);

/** An image made of this machine's own files: nothing is fetched. */
export type TestImage =
  | {
      readonly ok: true;
      /** For `hostEnv`: with a storage and a configuration of its own. */
      readonly hostEnv: HostEnv;
      readonly reference: string;
    }
  | { readonly ok: false; readonly problem: string };

const PROGRAMS = ['sh', 'bash', 'env', 'cat', 'ls', 'id', 'sleep', 'setsid', 'mount', 'umount', 'unshare', 'nsenter', 'chroot', 'mknod', 'mkdir', 'rm', 'ln', 'keyctl', 'kill'];
const REFERENCE = 'localhost/kb-test:1';
/** Raised when it is built in another way. */
const VERSION = 3;
const WAIT_MS = 60_000;
const LOOK_MS = 50;

/** Built once for the machine, and kept in its folder for temporary files under the digest of what it is made of. */
export async function testImage(): Promise<TestImage> {
  const podman = await findProgram('podman', process.env['PATH']);
  if (podman === undefined) return { ok: false, problem: 'podman is not installed' };
  const files = await filesOf();
  const key = createHash('sha256').update(JSON.stringify([VERSION, files.map((file) => [file, statSync(file).size, statSync(file).mtimeMs])])).digest('hex').slice(0, 16);
  const folder = join(tmpdir(), `kb-test-image-${String(process.getuid?.() ?? 0)}-${key}`);
  const hostEnv = { ...process.env, CONTAINERS_CONF: join(folder, 'containers.conf'), CONTAINERS_STORAGE_CONF: join(folder, 'storage.conf') };
  try {
    await once(folder, () => build(podman, folder, hostEnv, files));
    const found = await findContainerProgram({ program: 'podman' }, hostEnv);
    if (!found.ok) return found;
    await run(podman, ['run', ...found.program.user, '--rm', '--init', '--network', 'none', REFERENCE, 'node', '--version'], { env: hostEnv });
    return { ok: true, hostEnv, reference: REFERENCE };
  } catch (thrown) {
    return { ok: false, problem: thrown instanceof Error ? thrown.message : String(thrown) };
  }
}

/** Programs and, by ldd(1), the libraries they need. */
async function filesOf(): Promise<string[]> {
  const files = new Set<string>();
  for (const name of PROGRAMS) {
    const program = await findProgram(name, `/usr/bin:/usr/sbin:/bin:/sbin`);
    if (program !== undefined) files.add(program);
  }
  for (const program of [...files, process.execPath]) {
    const { stdout } = await run('ldd', [program]).catch(() => ({ stdout: '' }));
    for (const [library] of stdout.matchAll(/\/[^\s)]+(?=\s\(0x)/g)) files.add(library);
  }
  return [...files, process.execPath].toSorted();
}

/** One process builds, the others wait. What a process that died has left half done is begun again. */
async function once(folder: string, work: () => Promise<void>): Promise<void> {
  const ready = join(folder, 'ready');
  const lock = `${folder}.lock`;
  for (const until = Date.now() + WAIT_MS; !existsSync(ready); ) {
    try {
      writeFileSync(lock, String(process.pid), { flag: 'wx' });
    } catch {
      if (Date.now() > until) throw new Error('another process has been building the image of the tests for too long');
      if (!isThere(lock)) rmSync(lock, { force: true });
      await delay(LOOK_MS);
      continue;
    }
    try {
      if (!existsSync(ready)) await work();
      writeFileSync(ready, '');
    } finally {
      rmSync(lock, { force: true });
    }
  }
}

function isThere(lock: string): boolean {
  try {
    process.kill(Number(readFileSync(lock, 'utf8') || process.pid), 0);
    return true;
  } catch {
    return false;
  }
}

async function build(podman: string, folder: string, env: NodeJS.ProcessEnv, files: readonly string[]): Promise<void> {
  mkdirSync(folder, { recursive: true, mode: 0o711 });
  const runc = await findProgram('runc', `${process.env['PATH'] ?? ''}:/usr/sbin:/sbin`);
  // Where the hard limits of the machine are low, the ones Podman sets by itself cannot be set.
  const limits = 'default_ulimits = ["nofile=20000:20000", "nproc=1000:1000"]';
  const engine = ['[engine]', 'cgroup_manager = "cgroupfs"', 'events_logger = "file"', ...(runc === undefined ? [] : ['runtime = "runc"'])];
  writeFileSync(join(folder, 'containers.conf'), ['[containers]', limits, ...engine, ''].join('\n'));
  // Overlays with mapped user ids do not work with all kernels; plain folders do.
  writeFileSync(join(folder, 'storage.conf'), ['[storage]', 'driver = "vfs"', `graphroot = "${join(folder, 'graph')}"`, `runroot = "${join(folder, 'run')}"`, ''].join('\n'));
  const root = realpathSync(mkdtempSync(join(tmpdir(), 'kb-image-')));
  chmodSync(root, 0o755);
  try {
    for (const name of ['usr/bin', 'usr/lib', 'usr/lib64', 'tmp', 'etc', 'proc', 'dev', 'sys', 'run']) mkdirSync(join(root, name), { recursive: true });
    chmodSync(join(root, 'tmp'), 0o1777);
    for (const name of ['bin', 'lib', 'lib64']) symlinkSync(`usr/${name}`, join(root, name));
    for (const file of files) {
      const isLibrary = /^\/(?:usr\/)?lib/.test(file);
      const place = isLibrary ? join(root, file.startsWith('/usr/') ? file : `/usr${file}`) : join(root, 'usr/bin', file === process.execPath ? 'node' : file.slice(file.lastIndexOf('/') + 1));
      mkdirSync(dirname(place), { recursive: true });
      copyFileSync(realpathSync(file), place);
    }
    const archive = join(folder, 'image.tar');
    await run('tar', ['-C', root, '-cf', archive, '.']);
    await run(podman, ['import', '--quiet', archive, REFERENCE], { env });
    rmSync(archive);
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}
