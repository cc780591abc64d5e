import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Script } from 'node:vm';

import { afterEach, beforeAll, describe, expect, it, onTestFinished } from 'vitest';

import { kb, makeProject } from './drive-kb.js';

const program = (name: string): URL => new URL(`../dist/${name}.cjs`, import.meta.url);
const compiled = (name: string): URL => new URL(`../dist/${name}.cache`, import.meta.url);
/** Those that people wait for. */
const COMPILED = ['main', 'apart', 'coordination', 'daemon'];

/** What only readers of schemas, of YAML and of calendars say. */
const WORDS = ['ZodMini', 'CronPattern: ', 'Nested mappings are not allowed'];

describe('the program that every command loads', () => {
  it('has nothing that reads schemas, documents or calendars: a run of a document that was checked before does without', () => {
    const saidBy = (name: string): string[] => WORDS.filter((word) => readFileSync(program(name), 'utf8').includes(word));
    expect(saidBy('main')).toEqual([]);
    expect(saidBy('apart')).toEqual(WORDS);
  });

  it('stays small, for all of it is read before anything is done', () => {
    expect(statSync(program('main')).size).toBeLessThan(430_000);
  });
});

describe('a run of a script whose document was checked before', () => {
  it('loads nothing of Node for encryption, or for files by promises', async () => {
    const document = (id: string, script: string): string => `id: ${id}\npermissions: { shell: true }\njobs: { a: { steps: [{ run: '${script}' }] } }\n`;
    const { root, remove } = makeProject({ 'one.yml': document('one', 'true'), 'leaves.yml': document('leaves', 'mkdir "$KB_ARTIFACTS/left"') });
    onTestFinished(remove);
    writeFileSync(join(root, 'loaded.cjs'), `process.on('exit', () => require('node:fs').writeFileSync('loaded.json', JSON.stringify(process.moduleLoadList)));`);
    const loadedBy = async (...args: string[]): Promise<string[]> => {
      expect((await kb(root, args, { env: { NODE_OPTIONS: `--require ${join(root, 'loaded.cjs')}` } })).code).toBe(0);
      const names = JSON.parse(readFileSync(join(root, 'loaded.json'), 'utf8')) as string[];
      return ['crypto', 'fs/promises'].filter((name) => names.includes(`NativeModule ${name}`));
    };
    // The document is checked, and what a script has left is removed.
    expect(await loadedBy('workflow:run', '--workflow-id=leaves')).toEqual(['crypto', 'fs/promises']);
    expect(await loadedBy('workflow:run', '--workflow-id=one')).toEqual(['crypto']);
    expect(await loadedBy('workflow:run', '--workflow-id=one')).toEqual([]);
  });
});

describe('what the build has compiled', () => {
  const removed: (() => void)[] = [];
  afterEach(() => removed.splice(0).forEach((remove) => remove()));

  /** `space` makes a text of the same length, or V8 would remember the first one. */
  const isTaken = (name: string, cachedData: Buffer, space: string): boolean => {
    const source = `(function (exports, require, module, __filename, __dirname) {${readFileSync(program(name), 'latin1')}${space}})`;
    return new Script(source, { cachedData }).cachedDataRejected === false;
  };

  it.each(COMPILED)('of %s is taken by the Node that it was built with', (name) => {
    const data = readFileSync(compiled(name));
    expect(isTaken(name, data, '\n')).toBe(true);
    // The first bytes name the version.
    data.fill(0, 0, 8);
    expect(isTaken(name, data, ' ')).toBe(false);
  });

  const LANGUAGES = 'languages asked';
  /** Writes down whose compiled code was taken, and whether Node had to load what it knows of languages, which takes it half as long as a whole start. */
  const WATCH = `
    const vm = require('node:vm');
    const { appendFileSync } = require('node:fs');
    const { basename } = require('node:path');
    const noting = (target, name) => {
      const known = target[name];
      target[name] = function (...args) {
        appendFileSync(process.env.KB_TEST_TAKEN, '${LANGUAGES}\\n');
        return new.target ? new known(...args) : known.apply(this, args);
      };
    };
    for (const name of ['Collator', 'DateTimeFormat', 'NumberFormat', 'PluralRules', 'Segmenter']) noting(Intl, name);
    for (const { prototype } of [Number, BigInt, Date, Array]) noting(prototype, 'toLocaleString');
    noting(String.prototype, 'localeCompare');
    vm.Script = class extends vm.Script {
      constructor(source, options) {
        super(source, options);
        if (options.cachedData) appendFileSync(process.env.KB_TEST_TAKEN, basename(options.filename, '.cjs') + ' ' + !this.cachedDataRejected + '\\n');
      }
    };`;
  const COMMANDS = [['workflow:validate', '--json'], ['sessions:list', '--json'], ['workflow:status', '--run-id=run_none', '--json'], ['daemon:start', '--port=0']];

  /** An installation of its own, in which some compiled code is of another Node: what it says to commands that load each of its programs, and whose compiled code was taken. */
  async function sayWithout(lost: readonly string[]): Promise<{ said: unknown[]; taken: Record<string, boolean>; languages: boolean }> {
    const dir = mkdtempSync(join(tmpdir(), 'kb-programs-'));
    const project = makeProject({ 'one.yml': 'id: one\njobs: { a: { steps: [{ id: ok, uses: "builtin:approval", with: { title: Go on? } }] } }\n' });
    removed.push(() => rmSync(dir, { recursive: true, force: true }), project.remove);
    for (const folder of ['bin', 'dist', 'package.json']) cpSync(fileURLToPath(new URL(`../${folder}`, import.meta.url)), join(dir, folder), { recursive: true });
    symlinkSync(fileURLToPath(new URL('../node_modules', import.meta.url)), join(dir, 'node_modules'));
    for (const name of lost) writeFileSync(join(dir, `dist/${name}.cache`), 'of another Node');
    const noted = join(dir, 'taken');
    writeFileSync(join(dir, 'watch.cjs'), WATCH);
    writeFileSync(noted, '');
    // Node keeps compiled code among the temporary files.
    const env = { ...process.env, TMPDIR: dir, KB_TEST_TAKEN: noted };
    const said: unknown[] = [];
    for (const args of COMMANDS) {
      const child = spawn(process.execPath, ['--require', join(dir, 'watch.cjs'), join(dir, 'bin/kb.js'), ...args], { cwd: project.root, env, stdio: ['ignore', 'pipe', 'inherit'] });
      let out = '';
      child.stdout.setEncoding('utf8').on('data', (text: string) => {
        out += text;
        if (out.includes('the daemon works') && !child.killed) child.kill('SIGTERM');
      });
      const [code] = (await once(child, 'close')) as [number];
      said.push([code, args[0] === 'daemon:start' ? out.includes('the daemon has stopped') : JSON.parse(out)]);
    }
    const lines = readFileSync(noted, 'utf8').trim().split('\n');
    const programs = lines.filter((line) => line !== LANGUAGES).map((line) => line.split(' '));
    return { said, taken: Object.fromEntries(programs.map(([name = '', isTaken]) => [name, isTaken === 'true'])), languages: lines.includes(LANGUAGES) };
  }

  let whole: Awaited<ReturnType<typeof sayWithout>>;
  beforeAll(async () => {
    whole = await sayWithout([]);
  }, 60_000);

  it('is what each of them runs', () => {
    expect(whole.said.map((one) => (one as [number])[0])).toEqual([0, 0, 5, 0]);
    expect(whole.taken).toEqual({ main: true, apart: true, coordination: true, daemon: true });
  });

  it('does without what Node knows of languages', () => {
    expect(whole.languages).toBe(false);
    // Whoever asks for it is seen.
    const dir = mkdtempSync(join(tmpdir(), 'kb-programs-'));
    removed.push(() => rmSync(dir, { recursive: true, force: true }));
    writeFileSync(join(dir, 'watch.cjs'), WATCH);
    execFileSync(process.execPath, ['--require', join(dir, 'watch.cjs'), '-e', 'new Intl.NumberFormat("en"); (5_000).toLocaleString("en")'], { env: { ...process.env, KB_TEST_TAKEN: join(dir, 'taken') } });
    expect(readFileSync(join(dir, 'taken'), 'utf8')).toBe(`${LANGUAGES}\n`.repeat(2));
  });

  it.each(COMPILED)('can be of another Node: %s', async (lost) => {
    const { said, taken } = await sayWithout([lost]);
    expect(taken[lost]).toBe(false);
    expect(said).toEqual(whole.said);
  });

  it('can be of another Node: all of it', async () => {
    const { said } = await sayWithout(COMPILED);
    expect(said).toEqual(whole.said);
  });
});
