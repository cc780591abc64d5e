import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import type { RunEvent, RunId } from '@kb-labs/contracts';
import type { EngineDeps } from '@kb-labs/engine';
import { type EmbeddedStore, openEmbeddedStore } from '@kb-labs/store-embedded';
import { spawnSource } from '@kb-labs/testkit';

import type { Ledgers } from './ledgers.js';

/** A process with an engine in it, and what it has said so far. */
export class Host {
  readonly process;
  readonly ended: Promise<void>;
  said = '';
  #heard: (() => void)[] = [];

  constructor(hosts: Set<Host>, program: URL, args: readonly string[], through: readonly string[] = []) {
    this.process = spawnSource(fileURLToPath(program), args, { through });
    this.process.stdout?.setEncoding('utf8').on('data', (chunk: string) => {
      this.said += chunk;
      for (const heard of this.#heard.splice(0)) heard();
    });
    this.process.stderr?.pipe(process.stderr);
    this.ended = new Promise((resolve) => {
      this.process.once('close', () => {
        hosts.delete(this);
        for (const heard of this.#heard.splice(0)) heard();
        resolve();
      });
    });
    hosts.add(this);
  }

  async until(what: RegExp): Promise<string> {
    for (;;) {
      const found = what.exec(this.said);
      if (found !== null) return found[0];
      if (this.process.exitCode !== null || this.process.signalCode !== null) throw new Error(`ended without saying ${what.source}:\n${this.said}`);
      await new Promise<void>((resolve) => this.#heard.push(resolve));
    }
  }

  acknowledged(): string[] {
    return [...this.said.matchAll(/^ack (\S+)\n/gm)].map((match) => match[1] ?? '');
  }
}

/** The hosts and folders of a test file, to be cleared after each test. */
export class Hosts {
  readonly #dirs: string[] = [];
  readonly #hosts = new Set<Host>();

  newDir(): string {
    const dir = mkdtempSync(join(tmpdir(), 'kb-host-'));
    this.#dirs.push(dir);
    writeFileSync(join(dir, 'ledger.txt'), '');
    return dir;
  }

  start(program: URL, ...args: string[]): Host {
    return new Host(this.#hosts, program, args);
  }

  /** Through a program that becomes the host: see `spawnSource`. */
  startThrough(through: readonly string[], program: URL, ...args: string[]): Host {
    return new Host(this.#hosts, program, args, through);
  }

  clear(): void {
    for (const host of this.#hosts) host.process.kill('SIGKILL');
    this.#hosts.clear();
    for (const dir of this.#dirs.splice(0)) rmSync(dir, { recursive: true, force: true, maxRetries: 5 });
  }
}

export function openStore(dir: string): Promise<EmbeddedStore> {
  return openEmbeddedStore({ dir, clock: { now: () => Date.now(), after: () => () => undefined } });
}

export async function readLedgers(dir: string, acknowledged: readonly string[]): Promise<Ledgers> {
  const store = await openStore(dir);
  try {
    return await readLedgersOf(store, dir, acknowledged);
  } finally {
    await store.close();
  }
}

export async function readLedgersOf({ catalog, log }: Pick<EngineDeps, 'catalog' | 'log'>, dir: string, acknowledged: readonly string[]): Promise<Ledgers> {
  const journals = new Map<string, RunEvent[]>();
  for (const { id } of await catalog.listRuns({ limit: 100_000 })) journals.set(id, await log.read(id as RunId, 0));
  return { acknowledged, effects: readFileSync(join(dir, 'ledger.txt'), 'utf8').split('\n').filter((line) => line !== ''), journals };
}
