import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import ts from 'typescript';
import { compilerOptions, formatDiagnostics } from './emit-declarations.mjs';

/**
 * Compiles a consumer who imports every public path of every package the way an
 * installed copy is imported: by name, through `exports`, without our sources.
 *
 * @param {string} root
 * @param {readonly import('./emit-declarations.mjs').Published[]} packages
 * @returns {readonly string[]} what is wrong
 */
export function checkDeclarations(root, packages) {
  const consumer = mkdtempSync(join(tmpdir(), 'kb-consumer-'));
  try {
    for (const { name, folder } of packages) {
      const link = join(consumer, 'node_modules', name);
      mkdirSync(dirname(link), { recursive: true });
      symlinkSync(join(root, folder), link);
    }
    const imports = packages.flatMap(({ name, subpaths }) => subpaths.map((subpath) => join(name, subpath)));
    const file = join(consumer, 'consumer.mts');
    writeFileSync(file, imports.map((path, index) => `export type T${String(index)} = typeof import(${JSON.stringify(path)});\n`).join(''));

    const { customConditions: _, ...options } = compilerOptions(root);
    // Ours are checked too, which skipLibCheck would leave out; declarations of
    // others are taken as they are.
    const program = ts.createProgram({ rootNames: [file], options: { ...options, skipLibCheck: false, typeRoots: [join(root, 'node_modules/@types')] } });
    const ours = program.getSourceFiles().filter(({ fileName }) => isOurs(root, fileName));
    const checked = [program.getSourceFile(file), ...ours].flatMap((source) => (source === undefined ? [] : [source]));
    const diagnostics = [
      ...program.getOptionsDiagnostics(),
      ...checked.flatMap((source) => [...program.getSyntacticDiagnostics(source), ...program.getSemanticDiagnostics(source)]),
    ];
    const throughSource = ours.filter(({ fileName }) => !fileName.includes('/dist/'));
    return [
      ...(diagnostics.length > 0 ? [formatDiagnostics(root, diagnostics)] : []),
      ...throughSource.map(({ fileName }) => `${fileName}: a published declaration refers to a source`),
      ...packages.flatMap(({ folder }) => pathsOut(join(root, folder, 'dist'))),
    ];
  } finally {
    rmSync(consumer, { recursive: true, force: true });
  }
}

/**
 * @param {string} root
 * @param {string} path
 */
function isOurs(root, path) {
  return path.startsWith(root.replace(/\/?$/, '/')) && !path.includes('/node_modules/');
}

/**
 * Inferred types may name another package by its path in this repository, which
 * only fails once it is installed somewhere else.
 *
 * @param {string} dist
 */
function pathsOut(dist) {
  if (!existsSync(dist)) return [];
  return readdirSync(dist, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.d.ts'))
    .flatMap((file) => {
      const depth = file.split('/').length - 1;
      const specifiers = [...readFileSync(join(dist, file), 'utf8').matchAll(/(?:from |import\()["']((?:\.\.\/)+)/g)];
      return specifiers.filter(([, up]) => (up?.length ?? 0) / 3 > depth).map(() => `${join(dist, file)}: a path that leaves the package`);
    });
}
