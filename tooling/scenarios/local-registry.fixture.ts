import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { type ConfigBuilder, getDefaultConfig, runServer } from 'verdaccio';

type RegistryConfig = ReturnType<ConfigBuilder['getConfig']>;

/** A real registry on this machine, with nothing in it and nothing behind it. Whoever has its token may publish. */
export class LocalRegistry {
  readonly #dir: string;
  readonly #server: Server;
  readonly token: string;

  private constructor(dir: string, server: Server, token: string) {
    this.#dir = dir;
    this.#server = server;
    this.token = token;
  }

  static async start(): Promise<LocalRegistry> {
    const dir = realpathSync(mkdtempSync(join(tmpdir(), 'kb-local-registry-')));
    const everything = { access: ['$all'], publish: ['$authenticated'], unpublish: ['$authenticated'] };
    const config = {
      ...getDefaultConfig(),
      configPath: join(dir, 'config.yaml'),
      storage: join(dir, 'storage'),
      auth: { htpasswd: { file: join(dir, 'htpasswd') } },
      uplinks: {},
      packages: { '@*/*': everything, '**': everything },
      max_body_size: '50mb',
      web: { enable: false },
      log: { type: 'stdout', format: 'pretty', level: 'fatal' },
    } as unknown as RegistryConfig;
    const server = (await runServer(config)) as Server;
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(0, '127.0.0.1', resolve);
    });
    const user = { name: 'ada', password: 'no secret to anybody' };
    const response = await fetch(`http://127.0.0.1:${String((server.address() as AddressInfo).port)}/-/user/org.couchdb.user:${user.name}`, {
      method: 'PUT',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify(user),
    });
    const { token } = (await response.json()) as { token?: string };
    if (token === undefined) throw new Error(`the registry let nobody in: ${String(response.status)}`);
    return new LocalRegistry(dir, server, token);
  }

  get url(): string {
    return `http://127.0.0.1:${String((this.#server.address() as AddressInfo).port)}/`;
  }

  /** Lines of an `.npmrc` that let its reader publish. */
  get npmrc(): string {
    return `${this.url.replace('http:', '')}:_authToken=${this.token}\n`;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise<void>((done) => this.#server.close(() => done()));
    rmSync(this.#dir, { recursive: true, force: true });
  }
}
