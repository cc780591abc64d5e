import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import { checkDeclarations } from './check-declarations.mjs';
import { emitDeclarations } from './emit-declarations.mjs';

const REPOSITORY = fileURLToPath(new URL('../..', import.meta.url));

let root = '';
afterEach(() => rmSync(root, { recursive: true, force: true }));

describe('declarations', () => {
  it('resolve for a consumer through exports, packages of ours included', () => {
    makeWorkspace();
    const packages = emitDeclarations(root);
    expect(packages.map(({ name, subpaths }) => [name, subpaths])).toEqual([
      ['@kb-labs/base', ['.', './deep']],
      ['@kb-labs/user', ['.']],
    ]);
    expect(read('packages/base/dist/inside/deep.d.ts')).toBe("export declare const deep: 'deep';\n");
    expect(read('packages/user/dist/index.d.ts')).toContain("from '@kb-labs/base'");
    expect(checkDeclarations(root, packages)).toEqual([]);
  });

  it('forget what no longer has a source', () => {
    makeWorkspace();
    write('packages/base/dist/gone.d.ts', 'export {};');
    emitDeclarations(root);
    expect(existsSync(join(root, 'packages/base/dist/gone.d.ts'))).toBe(false);
  });

  it('are missed when a file is not there', () => {
    makeWorkspace();
    const packages = emitDeclarations(root);
    rmSync(join(root, 'packages/base/dist/index.d.ts'));
    expect(checkDeclarations(root, packages).join('\n')).toContain("Cannot find module '@kb-labs/base'");
  });

  it('are refused when they lead to a source, or out of their package', () => {
    makeWorkspace();
    const packages = emitDeclarations(root);
    write('packages/user/dist/index.d.ts', "export type User = import('../../base/src/index.js').Base;\n");
    expect(checkDeclarations(root, packages).map((problem) => problem.replace(/^.*packages/, 'packages'))).toEqual([
      'packages/base/src/inside/deep.ts: a published declaration refers to a source',
      'packages/base/src/index.ts: a published declaration refers to a source',
      'packages/user/dist/index.d.ts: a path that leaves the package',
    ]);
  });

  it('must stand where the layout of the sources puts them', () => {
    makeWorkspace();
    write('packages/base/package.json', manifest('@kb-labs/base', { '.': ['./src/index.ts', './dist/types/index.d.ts'] }));
    expect(() => emitDeclarations(root)).toThrow('must be ./dist/index.d.ts');
  });
});

function makeWorkspace(): void {
  root = realpathSync(mkdtempSync(join(tmpdir(), 'kb-declarations-')));
  cpSync(join(REPOSITORY, 'tooling/tsconfig'), join(root, 'tooling/tsconfig'), { recursive: true });
  mkdirSync(join(root, 'node_modules'));
  symlinkSync(join(REPOSITORY, 'node_modules/@types'), join(root, 'node_modules/@types'));
  write('packages/base/package.json', manifest('@kb-labs/base', { '.': ['./src/index.ts', './dist/index.d.ts'], './deep': ['./src/inside/deep.ts', './dist/inside/deep.d.ts'] }));
  write('packages/base/src/index.ts', "export interface Base { readonly name: string }\nexport { deep } from './inside/deep.js';\n");
  write('packages/base/src/inside/deep.ts', "export const deep = 'deep' as const;\n");
  write('packages/user/package.json', manifest('@kb-labs/user', { '.': ['./src/index.ts', './dist/index.d.ts'] }));
  write('packages/user/src/index.ts', "import type { Base } from '@kb-labs/base';\nexport const user = (): Base => ({ name: 'user' });\n");
  mkdirSync(join(root, 'packages/user/node_modules/@kb-labs'), { recursive: true });
  symlinkSync(join(root, 'packages/base'), join(root, 'packages/user/node_modules/@kb-labs/base'));
}

function manifest(name: string, exports: Readonly<Record<string, readonly [source: string, types: string]>>): string {
  const targets = Object.entries(exports).map(([subpath, [source, types]]) => [subpath, { '@kb-labs/source': source, types, default: types.replace('.d.ts', '.js') }]);
  return JSON.stringify({ name, type: 'module', exports: Object.fromEntries(targets) as unknown });
}

function write(path: string, text: string): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text);
}

function read(path: string): string {
  return readFileSync(join(root, path), 'utf8');
}
