import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { afterAll, describe, expect, it } from 'vitest';

import { temporaryFolder } from '../step-call.fixture.js';
import { toGrant } from './grant.js';
import { pluginFiles } from './plugin-files.js';

interface Row {
  readonly id: string;
  /** `{root}` and `{outside}` stand for the absolute paths of the workspace and of a folder beside it. */
  readonly path: string;
  /** `in`: an ordinary name, taken to the letter. */
  readonly expect: 'out' | 'nowhere' | 'in';
}

const rows = JSON.parse(readFileSync(new URL('../../../../tooling/fixtures/hostile/paths.json', import.meta.url), 'utf8')) as readonly Row[];
const SECRET = 'the canary';
const everything = toGrant({ fs: { read: ['**'], write: ['**'] } }, {});

const folder = temporaryFolder();
const root = join(folder.path, 'root');
const outside = join(folder.path, 'outside');
afterAll(() => folder[Symbol.dispose]());

mkdirSync(join(outside, 'sub'), { recursive: true });
mkdirSync(`${root}-beside`);
mkdirSync(join(root, 'a/b'), { recursive: true });
for (const file of [join(outside, 'secret.txt'), join(outside, 'sub/inner.txt'), join(`${root}-beside`, 'file')]) writeFileSync(file, SECRET);
writeFileSync(join(root, 'a/file.txt'), 'mine');
const LINKS = {
  'link-out': outside,
  'link-out-relative': '../outside',
  'link-chain': 'link-out',
  'link-parent': '..',
  'link-root': '/',
  'a/link-up': '../../outside',
  'a/b/link-deep': '../../../outside',
  'link-proc': '/proc/self/root',
  'a/link-beside': '../../root-beside',
  'link-through': 'a/link-up/sub/..',
  'link-dangling': join(outside, 'not-there'),
  'link-loop': 'link-loop',
  'a/link-loop-2': '../link-loop',
  'link-file-out': join(outside, 'secret.txt'),
};
for (const [link, target] of Object.entries(LINKS)) symlinkSync(target, join(root, link));

const files = pluginFiles(root, everything);
const placed = (path: string): string => path.replace('{root}', root).replace('{outside}', outside);

/** What is beside the workspace, name and content. */
function beside(): string[] {
  const seen = (dir: string): string[] =>
    readdirSync(dir, { withFileTypes: true }).flatMap((entry) => {
      const path = join(dir, entry.name);
      return entry.isDirectory() ? [path, ...seen(path)] : [`${path}: ${readFileSync(path, 'utf8')}`];
    });
  return [...seen(outside), ...seen(`${root}-beside`), ...readdirSync(folder.path)].sort();
}
const before = beside();

describe('paths that handlers give', () => {
  it('are at least two hundred and sixty', () => {
    expect(rows.length).toBeGreaterThanOrEqual(260);
    expect(new Set(rows.map(({ path }) => path)).size).toBe(rows.length);
  });

  it.each(rows.filter(({ expect }) => expect !== 'in'))('$id leads nowhere: nothing is read, written or removed', async ({ path, expect: expected }) => {
    const at = placed(path);
    const acts = { readText: () => files.readText(at), readBytes: () => files.readBytes(at), write: () => files.write(at, 'overwritten'), stat: () => files.stat(at) };
    for (const [act, attempt] of Object.entries(acts)) {
      const told = await attempt().then((value) => `${act} gave ${JSON.stringify(value)}`, (error: unknown) => (error as { code?: string }).code);
      expect(told).toMatch(expected === 'out' ? /^(PERMISSION_DENIED|ENOENT|ENOTDIR)$/ : /^(PERMISSION_DENIED|ELOOP|ENOENT|ENOTDIR)$/);
    }
    expect(await files.exists(at).catch(() => false)).toBe(false);
    expect(beside()).toEqual(before);
  });

  it.each(rows.filter(({ expect }) => expect === 'in'))('$id is a name like any other', async ({ path }) => {
    const at = placed(path);
    await files.write(at, 'mine');
    expect(await files.readText(at)).toBe('mine');
    expect(await files.exists(at)).toBe(true);
    await files.remove(at);
    expect(await files.exists(at)).toBe(false);
    expect(beside()).toEqual(before);
  });

  it('remove links, and not what these lead to', async () => {
    const links = Object.keys(LINKS).filter((link) => link !== 'link-through');
    for (const link of links) {
      await files.remove(link).catch(() => undefined);
      expect(beside()).toEqual(before);
    }
    for (const link of links) {
      rmSync(join(root, link), { force: true });
      symlinkSync(LINKS[link as keyof typeof LINKS], join(root, link));
    }
  });
});

/** Exchanges a folder for a link out of the workspace and back, as fast as it can. */
const SWAPPER = `
const { lstatSync, renameSync, rmSync, symlinkSync } = require('node:fs');
const [place, outside] = process.argv.slice(1);
const aside = place + '-aside', link = place + '-link';
symlinkSync(outside, link);
process.stdout.write('swaps\\n');
const found = (path) => lstatSync(path, { throwIfNoEntry: false });
for (;;) {
  try {
    renameSync(place, aside);
    renameSync(link, place);
  } catch {}
  // Who writes can have made the folder while it was away.
  try {
    if (found(place)?.isSymbolicLink()) renameSync(place, link);
    else if (found(aside)) rmSync(place, { recursive: true, force: true });
    if (found(aside)) renameSync(aside, place);
  } catch {}
}`;
const ENOUGH = 10;
const RACE_MS = process.env['KB_FAULTS'] === 'full' ? 10_000 : 1_500;

interface Acts {
  readonly read: (path: string) => Promise<string>;
  readonly write: (path: string) => Promise<unknown>;
  readonly remove: (path: string) => Promise<unknown>;
  readonly list: () => Promise<readonly string[]>;
}

/** How often something outside was reached while a folder on the way was exchanged all the time. */
async function race(acts: Acts): Promise<{ readonly escapes: number; readonly successes: number }> {
  const place = join(root, 'swapped');
  mkdirSync(place, { recursive: true });
  writeFileSync(join(place, 'secret.txt'), 'mine');
  const swapper = spawn(process.execPath, ['-e', SWAPPER, place, outside], { stdio: ['ignore', 'pipe', 'inherit'] });
  await once(swapper.stdout, 'data');
  let escapes = 0;
  let successes = 0;
  try {
    // On a busy machine it takes longer until enough has been tried.
    for (const until = Date.now() + RACE_MS; Date.now() < until || (successes <= ENOUGH && Date.now() < until + 30_000); ) {
      const read = await acts.read('swapped/secret.txt').catch(() => '');
      if (read === SECRET) escapes += 1;
      if (read !== '') successes += 1;
      await acts.write('swapped/new/planted.txt').catch(() => undefined);
      await acts.write('swapped/planted.txt').catch(() => undefined);
      if ((await acts.list().catch(() => [])).some((path) => path.endsWith('inner.txt'))) escapes += 1;
      await acts.remove('swapped/sub').catch(() => undefined);
      for (const planted of ['new', 'planted.txt']) if (existsSync(join(outside, planted))) escapes += 1;
      if (!existsSync(join(outside, 'sub/inner.txt'))) escapes += 1;
      await put();
    }
  } finally {
    swapper.kill('SIGKILL');
    await once(swapper, 'exit');
    for (const name of ['swapped', 'swapped-aside', 'swapped-link']) rmSync(join(root, name), { recursive: true, force: true });
  }
  return { escapes, successes };
}

/** What an escape has changed outside is put right again. */
async function put(): Promise<void> {
  for (const planted of ['new', 'planted.txt']) rmSync(join(outside, planted), { recursive: true, force: true });
  if (existsSync(join(outside, 'sub/inner.txt'))) return;
  mkdirSync(join(outside, 'sub'), { recursive: true });
  await writeFile(join(outside, 'sub/inner.txt'), SECRET);
}

describe('a folder that is exchanged for a link all the time', () => {
  it.skipIf(process.platform !== 'linux')('leads out neither those who read and list nor those who write and remove', { timeout: 60_000 }, async () => {
    const { escapes, successes } = await race({
      read: (path) => files.readText(path),
      write: (path) => files.write(path, 'planted'),
      remove: (path) => files.remove(path),
      list: () => files.list('swapped/**'),
    });
    expect(successes, 'it was often the folder of the workspace').toBeGreaterThan(ENOUGH);
    expect(escapes).toBe(0);
    expect(beside()).toEqual(before);
  });

  it.skipIf(process.platform !== 'linux')('is seen to lead out those who look first and go by name then', { timeout: 60_000 }, async () => {
    const { escapes } = await race({
      read: (path) => readFile(join(root, path), 'utf8'),
      write: (path) => writeFile(join(root, path), 'planted'),
      remove: (path) => rm(join(root, path), { recursive: true, force: true }),
      list: () => readdir(join(root, 'swapped'), { recursive: true }),
    });
    expect(escapes).toBeGreaterThan(0);
    expect(beside()).toEqual(before);
  });
});
