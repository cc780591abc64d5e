import { execFileSync } from 'node:child_process';
import { accessSync, constants, readdirSync } from 'node:fs';

import { isAlive } from './project.fixture.js';

/** Where Linux keeps the names of network namespaces. */
const NAMES = '/run/netns';
const PREFIX = 'kb-test-';
/** `ip` lies where the path of many users does not go. */
const env = { ...process.env, PATH: `${process.env['PATH'] ?? ''}:/usr/sbin:/sbin` };

/**
 * A network of two: this machine, and a namespace whose only way out is one cable to it. Addresses are of the block that is
 * set aside for measuring networks (RFC 2544), which nobody routes; each process of this machine has four of its own.
 */
export class TwoSidedNetwork {
  readonly #name = `${PREFIX}${String(process.pid)}`;
  readonly #near = `kbt${String(process.pid)}a`;
  readonly #far = `kbt${String(process.pid)}b`;
  /** This machine as it is seen from the namespace. */
  readonly address: string;
  readonly #endWithProcess = (): void => this.remove();

  /** Fails where namespaces may not be made, or `ip` is missing, and leaves nothing behind then. */
  constructor() {
    removeForgotten();
    const [third, fourth] = [(process.pid >> 6) & 0xff, (process.pid & 0x3f) * 4];
    this.address = `198.18.${String(third)}.${String(fourth + 1)}`;
    process.once('exit', this.#endWithProcess);
    try {
      ip('netns', 'add', this.#name);
      ip('link', 'add', this.#near, 'type', 'veth', 'peer', 'name', this.#far, 'netns', this.#name);
      ip('address', 'add', `${this.address}/30`, 'dev', this.#near);
      ip('-n', this.#name, 'address', 'add', `198.18.${String(third)}.${String(fourth + 2)}/30`, 'dev', this.#far);
      ip('-n', this.#name, 'link', 'set', 'lo', 'up');
      ip('-n', this.#name, 'link', 'set', this.#far, 'up');
      this.heal();
    } catch (thrown) {
      this.remove();
      throw thrown;
    }
  }

  /** What starts a program in the namespace, to be followed by that program. */
  get inside(): readonly string[] {
    return ['ip', 'netns', 'exec', this.#name];
  }

  cut(): void {
    ip('link', 'set', this.#near, 'down');
  }

  heal(): void {
    ip('link', 'set', this.#near, 'up');
  }

  remove(): void {
    process.off('exit', this.#endWithProcess);
    for (const command of [['link', 'delete', this.#near], ['netns', 'delete', this.#name]]) {
      try {
        ip(...command);
      } catch {
        // It was not made, or went with the other one.
      }
    }
  }
}

/** Why there can be no such network here, in words; nothing when there can. */
export function whyNoNetwork(): string | undefined {
  if (process.platform !== 'linux') return 'network namespaces are something of Linux';
  try {
    new TwoSidedNetwork().remove();
    accessSync(NAMES, constants.R_OK);
    return undefined;
  } catch (thrown) {
    const { code, stderr } = thrown as { code?: string; stderr?: string };
    return code === 'ENOENT' ? 'needs the program ip: "apt-get install iproute2"' : `needs the right to make network namespaces: ${(stderr ?? String(thrown)).trim()}`;
  }
}

/** Those of tests that were killed. */
function removeForgotten(): void {
  let names: string[] = [];
  try {
    names = readdirSync(NAMES);
  } catch {
    return;
  }
  for (const name of names) {
    // Its end of the cable goes with the namespace, and the other end with that.
    if (name.startsWith(PREFIX) && !isAlive(Number(name.slice(PREFIX.length)))) ip('netns', 'delete', name);
  }
}

function ip(...args: readonly string[]): void {
  execFileSync('ip', args, { env, encoding: 'utf8', stdio: ['ignore', 'ignore', 'pipe'] });
}
