import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { HAS_PROCESS_LIST } from '../process-tree/process-list.js';
import { recordCall, scriptInput, silentLogger, temporaryFolder } from '../step-call.fixture.js';
import { FolderStock } from './folder-stock.js';
import { runScript } from './run-script.js';
import { makeStepFolder, type StepFolder } from './step-folder.js';

/** One that has seen so many steps that it keeps folders. */
function busyStock(parent: string): FolderStock {
  const stock = new FolderStock(parent);
  for (let n = 0; n < 20; n += 1) stock.take();
  return stock;
}

function folderFor(stock: FolderStock, parent: string): StepFolder {
  return makeStepFolder(parent, 'secret of one step', stock.take());
}

describe.runIf(HAS_PROCESS_LIST)('the folder of a step that has ended', () => {
  it('is that of a later step by another name, with nothing of the first', () => {
    using folder = temporaryFolder();
    const stock = busyStock(folder.path);
    const first = folderFor(stock, folder.path);
    expect(stock.keep(first)).toBe(true);
    expect(readdirSync(first.root)).toEqual(['artifacts']);
    const second = makeStepFolder(folder.path, 'echo two', stock.take());
    expect(readdirSync(folder.path)).toEqual([second.root.slice(folder.path.length + 1)]);
    expect([existsSync(first.root), readFileSync(second.script, 'utf8'), readFileSync(second.output, 'utf8')]).toEqual([false, 'echo two', '']);
    expect(() => writeFileSync(first.output, 'result=forged')).toThrow('ENOENT');
    stock.close();
  });

  it.each<[string, (folder: StepFolder) => void]>([
    ['an artifact', ({ artifacts }) => writeFileSync(join(artifacts, 'left'), 'x')],
    ['a file beside its own', ({ root }) => writeFileSync(join(root, '.left'), 'x')],
    ['a folder in place of its outputs', ({ output }) => (unlinkSync(output), mkdirSync(output))],
    ['no outputs', ({ output }) => unlinkSync(output)],
    ['no folder for artifacts', ({ artifacts }) => rmSync(artifacts, { recursive: true })],
    ['a link in its place', ({ root, artifacts }) => (renameSync(artifacts, `${root}-moved`), symlinkSync(`${root}-moved`, artifacts))],
    ['others allowed in', ({ artifacts }) => chmodSync(artifacts, 0o777)],
    ['itself closed', ({ root }) => chmodSync(root, 0o500)],
  ])('is not kept when the script has left %s', async (_what, change) => {
    using folder = temporaryFolder();
    const stock = busyStock(folder.path);
    const made = folderFor(stock, folder.path);
    change(made);
    expect([stock.keep(made), stock.take()]).toEqual([false, undefined]);
    chmodSync(made.root, 0o700);
    await made.remove();
    expect(existsSync(made.root)).toBe(false);
  });

  it.each<[string, (folder: StepFolder) => void]>([
    ['been written to since', ({ artifacts }) => writeFileSync(join(artifacts, 'late'), 'x')],
    ['been cleared away', ({ root }) => rmSync(root, { recursive: true })],
    ['lost its folder for artifacts', ({ artifacts }) => rmSync(artifacts, { recursive: true })],
  ])('is not used again, and gone, when it has %s', (_what, change) => {
    using folder = temporaryFolder();
    const stock = busyStock(folder.path);
    const made = folderFor(stock, folder.path);
    stock.keep(made);
    change(made);
    expect(stock.take()).toBeUndefined();
    expect(readdirSync(folder.path)).toEqual([]);
  });

  it('is not kept by who has run few scripts, nor without an end, nor after the close, which removes what was kept', () => {
    using folder = temporaryFolder();
    const few = new FolderStock(folder.path);
    const one = folderFor(few, folder.path);
    expect([few.keep(one), readdirSync(one.root).length]).toEqual([false, 3]);
    rmSync(one.root, { recursive: true });

    const stock = busyStock(folder.path);
    const many = Array.from({ length: 33 }, () => folderFor(stock, folder.path));
    expect(many.map((each) => stock.keep(each)).indexOf(false)).toBe(32);
    stock.close();
    expect(readdirSync(folder.path)).toEqual([many[32]?.root.slice(folder.path.length + 1)]);
    expect(many[32] !== undefined && stock.keep(many[32])).toBe(false);
  });

  it.each([
    ['echo "a=1" >> "$KB_OUTPUT"', true],
    ['exit 3', true],
    ['echo x > "$KB_ARTIFACTS/x"', false],
    // What has to be ended may be in the middle of a write.
    ['sleep 60 > /dev/null 2>&1 &', false],
  ])('is kept after %j: %s', async (script, isKept) => {
    using folder = temporaryFolder();
    const folders = busyStock(folder.path);
    const { call } = recordCall({ workspace: folder.path, input: scriptInput(script) });
    await runScript(call, { hostEnv: { ...process.env, TMPDIR: folder.path }, logger: silentLogger, folders });
    expect(readdirSync(folder.path).length).toBe(isKept ? 1 : 0);
    folders.close();
    expect(readdirSync(folder.path)).toEqual([]);
  });
});
