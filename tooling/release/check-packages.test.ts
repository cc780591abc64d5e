import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { checkTarballs } from './check-tarballs.mjs';
import { packPackages } from './pack-packages.mjs';

const PNPMFILE = fileURLToPath(new URL('pnpmfile.cjs', import.meta.url));
const hasPnpm = (() => {
  try {
    return execFileSync('pnpm', ['--version'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }) !== '';
  } catch {
    return false;
  }
})();

let root = '';
beforeEach(() => {
  root = realpathSync(mkdtempSync(join(tmpdir(), 'workspace-')));
  write('package.json', '{ "name": "root", "private": true }');
  write('pnpm-workspace.yaml', 'packages: [packages/*]\npmOnFail: ignore\npnpmfile: pnpmfile.cjs\ncatalog: { zod: ^4.6.7 }\n');
  cpSync(PNPMFILE, join(root, 'pnpmfile.cjs'));
  write('LICENSE', 'MIT\n');
  add('base', {});
  add('user', { dependencies: { '@kb-labs/base': 'workspace:*', zod: 'catalog:' }, devDependencies: { vitest: '^5' }, scripts: { build: 'tsup' } });
  write('packages/user/dist/index.js', "import { base } from '@kb-labs/base';\nexport const user = () => base;\n//# sourceMappingURL=index.js.map\n");
  write('packages/user/dist/index.js.map', '{"version":3,"sources":["../src/index.ts"],"sourcesContent":["export const one = 1;"],"names":[],"mappings":""}');
  write('packages/user/dist/index.d.ts', "import type { Base } from '@kb-labs/base';\nexport declare const user: () => Base;\n");
  write('packages/hidden/package.json', '{ "name": "@kb-labs/hidden", "private": true }');
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

describe.skipIf(!hasPnpm)('the packages that are published', () => {
  it('are packed without what works in the repository only, and without those that are private', async () => {
    const tarballs = packPackages(root, join(root, 'packed'));
    expect(tarballs.map((path) => path.slice(root.length))).toEqual(['/packed/kb-labs-base-1.2.3.tgz', '/packed/kb-labs-user-1.2.3.tgz']);
    const manifest = JSON.parse(execFileSync('tar', ['-xzOf', tarballs[1] ?? '', 'package/package.json'], { encoding: 'utf8' })) as Record<string, unknown>;
    expect(manifest).toMatchObject({ dependencies: { '@kb-labs/base': '1.2.3', zod: '^4.6.7' }, exports: { '.': { types: './dist/index.d.ts', default: './dist/index.js' } } });
    expect(JSON.stringify(manifest)).not.toMatch(/source|scripts|vitest/);
    expect(await problems()).toEqual([]);
  });

  it.each<readonly [string, () => void, RegExp]>([
    ['no README', () => rmSync(join(root, 'packages/user/README.md')), /README\.md is not packed/],
    ['no LICENSE', () => rmSync(join(root, 'LICENSE')), /LICENSE is not packed/],
    ['no description', () => edit('user', (manifest) => delete manifest['description']), /has no "description"/],
    ['a range that means nothing elsewhere', () => edit('user', (manifest) => (manifest['dependencies'] = { '@kb-labs/base': '1.2.3', zod: 'file:../../zod' })), /zod is "file:\.\.\/\.\.\/zod", which means nothing elsewhere/],
    ['another version of ours', () => edit('user', (manifest) => (manifest['dependencies'] = { '@kb-labs/base': '1.0.0', zod: '^4' })), /@kb-labs\/base is "1\.0\.0", and 1\.2\.3 is packed/],
    ['one of ours that stays private', () => edit('user', (manifest) => (manifest['dependencies'] = { '@kb-labs/base': '1.2.3', '@kb-labs/hidden': '1.0.0' })), /@kb-labs\/hidden is not published/],
    ['an import of what is not installed', () => append('user/dist/index.js', "import 'left-pad';\n"), /index\.js: imports left-pad/],
    ['a declaration of what is not installed', () => append('user/dist/index.d.ts', "export type { Express } from 'express';\n"), /index\.d\.ts: imports express/],
    ['a declaration that is not there', () => rmSync(join(root, 'packages/user/dist/index.d.ts')), /publint: .*types is \.\/dist\/index\.d\.ts but the file does not exist/],
    ['a file that is not there', () => rmSync(join(root, 'packages/user/dist/index.js')), /publint: .*index\.js but the file does not exist/],
    ['a declaration that leads nowhere', () => append('user/dist/index.d.ts', "export type { Gone } from './gone.js';\n"), /types: InternalResolutionError/],
    ['a declaration that says another kind of module', () => edit('user', (manifest) => (manifest['type'] = 'commonjs')), /is written in ESM, but is interpreted as CJS[^]*types: UnexpectedModuleSyntax/],
    ['a map that is not packed', () => rmSync(join(root, 'packages/user/dist/index.js.map')), /its map index\.js\.map is not packed/],
    ['a map to a source that is not packed', () => write('packages/user/dist/index.js.map', '{"version":3,"sources":["../src/index.ts"],"mappings":""}'), /maps to \.\.\/src\/index\.ts, which is not packed/],
    ['a place of this machine', () => append('user/dist/index.js', `// ${root}/packages\n`), /index\.js: holds .*, a place of this machine/],
    ['a program that is none', () => { edit('user', (manifest) => (manifest['bin'] = './dist/run.cjs')); write('packages/user/dist/run.cjs', '#!/usr/bin/env node\nexport const one = 1;\n'); }, /publint: .*run\.cjs/],
  ])('are refused for %s', async (_, spoil, problem) => {
    spoil();
    expect((await problems()).join('\n')).toMatch(problem);
  });

  it('may hold the text of a module in a program that is none', async () => {
    edit('user', (manifest) => (manifest['bin'] = './dist/run.cjs'));
    write('packages/user/dist/run.cjs', "#!/usr/bin/env node\nconst text = `\nimport { one } from 'two';\nexport default one;\n`;\nconsole.log(text);\n");
    expect(await problems()).toEqual([]);
  });
});

function problems(): Promise<string[]> {
  return checkTarballs(packPackages(root, mkdtempSync(join(root, 'packed-'))), { places: [root] });
}

function add(name: string, more: object): void {
  const manifest = {
    name: `@kb-labs/${name}`,
    version: '1.2.3',
    description: 'A package',
    keywords: ['package'],
    license: 'MIT',
    type: 'module',
    sideEffects: false,
    engines: { node: '>=22.18' },
    exports: { '.': { '@kb-labs/source': './src/index.ts', types: './dist/index.d.ts', default: './dist/index.js' } },
    files: ['dist'],
    ...more,
  };
  write(`packages/${name}/package.json`, JSON.stringify(manifest));
  write(`packages/${name}/README.md`, `# ${name}\n`);
  write(`packages/${name}/src/index.ts`, `export const ${name} = 1;\n`);
  write(`packages/${name}/dist/index.js`, `export const ${name} = 1;\n`);
  write(`packages/${name}/dist/index.d.ts`, `export type Base = number;\nexport declare const ${name}: Base;\n`);
}

function edit(name: string, change: (manifest: Record<string, unknown>) => void): void {
  const path = join(root, 'packages', name, 'package.json');
  const manifest = JSON.parse(readFileSync(path, 'utf8')) as Record<string, unknown>;
  change(manifest);
  writeFileSync(path, JSON.stringify(manifest));
}

function append(path: string, text: string): void {
  const file = join('packages', path);
  write(file, readFileSync(join(root, file), 'utf8') + text);
}

function write(path: string, text: string): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text);
}
