import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { compile } from './compile.mjs';

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

    // Ours are checked too, which skipLibCheck would leave out.
    const said = compile(root, { files: [file], options: { customConditions: [], skipLibCheck: false }, flags: ['--listFiles'] });
    const { problems, read } = readOutput(said);
    const isOneOfOurs = (/** @type {string} */ path) => path === file || isOurs(root, path);
    const problemsOfOurs = problems.filter(({ path }) => path === undefined || isOneOfOurs(resolve(root, path)));
    const throughSource = read.filter((path) => isOurs(root, path) && !path.includes('/dist/'));
    return [
      ...(problemsOfOurs.length > 0 ? [problemsOfOurs.map(({ text }) => text).join('\n')] : []),
      ...throughSource.map((path) => `${path}: a published declaration refers to a source`),
      ...packages.flatMap(({ folder }) => pathsOut(join(root, folder, 'dist'))),
    ];
  } finally {
    rmSync(consumer, { recursive: true, force: true });
  }
}

/**
 * Takes apart what the compiler said: files that it has read, and problems, whose further lines are indented. Declarations of others are taken as they
 * are; a problem without a path is one of the options. Its path starts from where the compiler does.
 *
 * @param {string} said
 */
function readOutput(said) {
  /** @type {{ path: string | undefined, text: string }[]} */
  const problems = [];
  /** @type {string[]} */
  const read = [];
  for (const line of said.split('\n').filter((one) => one !== '')) {
    const last = problems.at(-1);
    if (/^\s/.test(line) && last !== undefined) last.text += `\n${line}`;
    else if (/(^|: )error TS\d+: /.test(line)) problems.push({ path: /^(.+?)\(\d+,\d+\): /.exec(line)?.[1], text: line });
    else read.push(line);
  }
  return { problems, read };
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
