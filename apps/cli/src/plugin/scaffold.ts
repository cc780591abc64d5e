/** Ranges of what a new plugin depends on. */
export interface ScaffoldVersions {
  readonly sdk: string;
  readonly zod: string;
  readonly typescript: string;
  readonly nodeTypes: string;
}

/** The files of a plugin that counts lines, by path: it builds, tests and runs as it is. */
export function scaffoldFiles(name: string, versions: ScaffoldVersions): Readonly<Record<string, string>> {
  const group = groupOf(name);
  return {
    'package.json': json(packageJson(name, versions)),
    'tsconfig.json': json(TSCONFIG),
    'tsconfig.build.json': json(TSCONFIG_BUILD),
    '.gitignore': 'node_modules/\ndist/\n',
    'README.md': readme(name, group),
    'src/plugin.ts': pluginSource(name, group),
    'src/count.ts': HANDLER,
    'src/count.test.ts': TEST,
  };
}

/** What commands are called by: the last part of the name, without what says that it is a plugin. */
function groupOf(name: string): string {
  const group = name
    .slice(name.indexOf('/') + 1)
    .replace(/^kb-plugin-|^kb-|-plugin$/g, '')
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^[^a-z]+|-+$/g, '');
  return group === '' ? 'plugin' : group;
}

function packageJson(name: string, versions: ScaffoldVersions): object {
  return {
    name,
    version: '0.1.0',
    description: 'Counts the lines of files',
    license: 'UNLICENSED',
    type: 'module',
    engines: { node: '>=22.18' },
    exports: { '.': { types: './dist/plugin.d.ts', default: './dist/plugin.js' } },
    files: ['dist'],
    kb: { plugin: './dist/kb.plugin.json' },
    scripts: {
      build: 'tsc --project tsconfig.build.json && kb-plugin-manifest',
      test: 'tsc && node --test "src/**/*.test.ts"',
      prepack: 'npm run build',
    },
    dependencies: { '@kb-labs/sdk': versions.sdk, zod: versions.zod },
    devDependencies: { '@types/node': versions.nodeTypes, typescript: versions.typescript },
  };
}

const TSCONFIG = {
  compilerOptions: {
    target: 'es2024',
    lib: ['es2024'],
    module: 'nodenext',
    types: ['node'],
    strict: true,
    noUncheckedIndexedAccess: true,
    erasableSyntaxOnly: true,
    verbatimModuleSyntax: true,
    rewriteRelativeImportExtensions: true,
    skipLibCheck: true,
    noEmit: true,
  },
  include: ['src'],
};

const TSCONFIG_BUILD = {
  extends: './tsconfig.json',
  compilerOptions: { noEmit: false, declaration: true, rootDir: 'src', outDir: 'dist' },
  exclude: ['src/**/*.test.ts'],
};

function pluginSource(name: string, group: string): string {
  return `import { defineCommand, definePlugin } from '@kb-labs/sdk';
import { z } from 'zod';

export const count = defineCommand({
  id: '${group}:count',
  describe: 'Counts the lines of files',
  input: z.object({
    glob: z.string().default('**/*.md').describe('which files, relative to the project'),
  }),
  output: z.object({ files: z.int(), lines: z.int() }),
  permissions: { fs: { read: ['**'] } },
  handler: './count.js#default',
  examples: ["${group}:count --glob 'docs/**'"],
});

export default definePlugin({
  id: '${name}',
  // The same as in package.json.
  version: '0.1.0',
  describe: 'Counts the lines of files',
  commands: [count],
});
`;
}

const HANDLER = `import { type CommandHandler, FatalError } from '@kb-labs/sdk';

import type { count } from './plugin.ts';

const handler: CommandHandler<typeof count> = async ({ glob }, ctx) => {
  const paths = await ctx.fs.list(glob);
  if (paths.length === 0) throw new FatalError(\`no file matches \${glob}\`, { code: 'NO_FILES' });
  let lines = 0;
  for (const path of paths) {
    ctx.signal.throwIfAborted();
    const text = await ctx.fs.readText(path);
    lines += text === '' ? 0 : text.replace(/\\n$/, '').split('\\n').length;
  }
  ctx.log.info(\`\${String(lines)} lines in \${String(paths.length)} files\`);
  return { files: paths.length, lines };
};
export default handler;
`;

const TEST = `import assert from 'node:assert/strict';
import { test } from 'node:test';

import { testContext } from '@kb-labs/sdk/testing';

import handler from './count.ts';

await test('counts the lines of the files that match', async (t) => {
  const ctx = testContext();
  t.after(ctx.dispose);
  await ctx.fs.write('a.md', 'one\\ntwo\\n');
  await ctx.fs.write('docs/b.md', 'three');
  await ctx.fs.write('docs/c.txt', 'four');
  assert.deepEqual(await handler({ glob: '**/*.md' }, ctx), { files: 2, lines: 3 });
});

await test('fails for good when nothing matches', async (t) => {
  const ctx = testContext();
  t.after(ctx.dispose);
  await assert.rejects(handler({ glob: '*.none' }, ctx), { code: 'NO_FILES', kbRetry: 'never' });
});
`;

function readme(name: string, group: string): string {
  return `# ${name}

Counts the lines of files, as a step of a workflow and as a command of the terminal.

| command | may |
|---|---|
| \`${group}:count\` | read the files of the project |

## Use it

In a project, \`kb plugin:add\` with the name of this package, or with its folder, lets it run. Then:

\`\`\`sh
kb ${group}:count --glob 'docs/**'
\`\`\`

\`\`\`yaml
id: count-lines
jobs:
  count:
    steps:
      - id: lines
        uses: "${name}/${group}:count"
        with: { glob: "docs/**" }
\`\`\`

## Change it

\`npm run build\` compiles it and writes \`dist/kb.plugin.json\`, which the engine reads in place of the code. \`npm test\` checks the types and
runs the tests. \`kb plugin:validate\` says what is missing before it is published.
`;
}

function json(value: object): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}
