import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';

import { emitDeclarations } from '../declarations/emit-declarations.mjs';
import { repository } from './project.fixture.js';

interface Described {
  readonly name: string;
  readonly version: string;
  readonly dependencies?: Readonly<Record<string, string>>;
}

interface Published {
  readonly described: Described;
  readonly tarball: string;
  readonly integrity: string;
}

/** A registry of packages on this machine: it serves what was published to it, and knows nothing else. */
export class Registry {
  readonly #dir = realpathSync(mkdtempSync(join(tmpdir(), 'kb-registry-')));
  readonly #packages = new Map<string, Map<string, Published>>();
  readonly #server: Server;

  private constructor() {
    this.#server = createServer((request, response) => {
      const path = decodeURIComponent(request.url ?? '').slice(1);
      const tarball = [...this.#packages.values()].flatMap((versions) => [...versions.values()]).find((one) => `-/${basename(one.tarball)}` === path)?.tarball;
      const versions = this.#packages.get(path);
      if (tarball !== undefined) response.end(readFileSync(tarball));
      else if (versions !== undefined) response.setHeader('content-type', 'application/json').end(JSON.stringify(this.#about(path, versions)));
      else response.writeHead(404).end('{}');
    });
  }

  static async start(): Promise<Registry> {
    const registry = new Registry();
    await new Promise<void>((done) => registry.#server.listen(0, '127.0.0.1', done));
    return registry;
  }

  get url(): string {
    return `http://127.0.0.1:${String((this.#server.address() as AddressInfo).port)}`;
  }

  /** Packs a folder, without what is installed in it, and offers it. */
  publish(folder: string): void {
    const described = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Described;
    const stage = mkdtempSync(join(this.#dir, 'stage-'));
    cpSync(folder, join(stage, 'package'), { recursive: true, filter: (from) => from !== join(folder, 'node_modules') });
    const tarball = join(this.#dir, `${basename(stage)}.tgz`);
    execFileSync('tar', ['-cf', tarball, '-C', stage, 'package']);
    rmSync(stage, { recursive: true });
    // It is unpacked a moment later: how small it is does not count.
    const packed = gzipSync(readFileSync(tarball), { level: 1 });
    writeFileSync(tarball, packed);
    const integrity = `sha512-${createHash('sha512').update(packed).digest('base64')}`;
    const versions = this.#packages.get(described.name) ?? new Map<string, Published>();
    this.#packages.set(described.name, versions.set(described.version, { described, tarball, integrity }));
  }

  /** The kit for plugins and all that a new plugin depends on, as they are in this repository. */
  publishKit(): void {
    const root = join(this.#dir, 'workspace');
    const described = (path: string) => JSON.parse(readFileSync(path, 'utf8')) as Described;
    const zod = described(join(repository, 'node_modules/zod/package.json')).version;
    mkdirSync(join(root, 'tooling/tsconfig'), { recursive: true });
    cpSync(join(repository, 'tooling/tsconfig/base.json'), join(root, 'tooling/tsconfig/base.json'));
    symlinkSync(join(repository, 'node_modules'), join(root, 'node_modules'));
    for (const name of ['contracts', 'sdk']) {
      const from = join(repository, 'packages', name);
      const to = join(root, 'packages', name);
      mkdirSync(join(to, 'node_modules/@kb-labs'), { recursive: true });
      for (const part of ['src', 'dist', 'README.md', ...(name === 'sdk' ? ['bin'] : [])]) cpSync(join(from, part), join(to, part), { recursive: true });
      symlinkSync('../../../contracts', join(to, 'node_modules/@kb-labs/contracts'));
      const ours = described(join(from, 'package.json'));
      const dependencies = Object.fromEntries(Object.entries(ours.dependencies ?? {}).map(([key, range]) => [key, range === 'workspace:*' ? ours.version : range === 'catalog:' ? `^${zod}` : range]));
      writeFileSync(join(to, 'package.json'), JSON.stringify({ ...ours, dependencies }, null, 2));
    }
    emitDeclarations(root);
    for (const name of ['contracts', 'sdk']) this.publish(join(root, 'packages', name));
    for (const name of ['zod', 'typescript', '@types/node']) this.publish(realpathSync(join(repository, 'node_modules', name)));
    this.publish(dirname(createRequire(realpathSync(join(repository, 'node_modules/@types/node/package.json'))).resolve('undici-types/package.json')));
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise<void>((done) => this.#server.close(() => done()));
    rmSync(this.#dir, { recursive: true, force: true });
  }

  #about(name: string, versions: ReadonlyMap<string, Published>): object {
    const of = ({ described, tarball, integrity }: Published) => ({
      ...described,
      dist: { tarball: `${this.url}/-/${basename(tarball)}`, integrity },
    });
    return { name, 'dist-tags': { latest: [...versions.keys()].at(-1) }, versions: Object.fromEntries([...versions].map(([version, one]) => [version, of(one)])) };
  }
}
