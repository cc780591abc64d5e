import { readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

import { defineConfig, type Options } from 'tsup';

import { bundledLicences } from './bundled-licences.js';
import { directImports } from './direct-imports.js';

type Plugin = NonNullable<Options['esbuildPlugins']>[number];

const described = (path: string) => JSON.parse(readFileSync(new URL(path, import.meta.url), 'utf8')) as { version: string; devDependencies: Record<string, string> };

/** What a new plugin asks for: the kit of this very repository, and the rest as it is built with here. */
const { typescript = '', '@types/node': nodeTypes = '' } = described('../../package.json').devDependencies;
const SCAFFOLD = { sdk: `^${described('../../packages/sdk/package.json').version}`, zod: `^${described('../../packages/sdk/node_modules/zod/package.json').version}`, typescript, nodeTypes };

const manifest = JSON.parse(readFileSync(new URL('./package.json', import.meta.url), 'utf8')) as { dependencies: Record<string, string> };

/** For Node the package offers CommonJS, which loads more of Node; what it offers to browsers is the same code. */
const yamlModules: Plugin = {
  name: 'yaml-modules',
  setup(build) {
    build.onResolve({ filter: /^yaml$/ }, ({ importer }) => ({
      path: createRequire(importer).resolve('yaml').replace(/dist\/index\.js$/, 'browser/index.js'),
    }));
  },
};

/** Of the messages of zod in fifty languages, those that are used. */
const zodInEnglish: Plugin = {
  name: 'zod-in-english',
  setup(build) {
    build.onLoad({ filter: /\/zod\/v4\/locales\/index\.js$/ }, () => ({ contents: "export { default as en } from './en.js';", loader: 'js' }));
  },
};

/** What reads bodies for express, in every alphabet there is: the gateway reads its own. */
const expressAlone: Plugin = {
  name: 'express-alone',
  setup(build) {
    build.onLoad({ filter: /\/body-parser\/index\.js$/ }, () => ({ contents: 'module.exports = {};', loader: 'js' }));
  },
};

/** What a call of each does is what Node's own does. A function that is missing here fails the build. */
const whenCalled = (module: string, names: readonly string[]): string => names.map((name) => `export const ${name} = (...args) => process.getBuiltinModule('${module}').${name}(...args);`).join('\n');

/** A module of Node that is loaded when a function of it is called. */
const late = (module: string, contents: string): Plugin => ({
  name: `late-${module}`,
  setup(build) {
    build.onResolve({ filter: new RegExp(`^${module}$`) }, ({ path }) => ({ path, namespace: 'late' }));
    build.onLoad({ filter: new RegExp(`^${module}$`), namespace: 'late' }, () => ({ contents, loader: 'js' }));
  },
});

/** To load it takes as long as a commit. */
const lateCrypto = late('node:crypto', whenCalled('node:crypto', ['createCipheriv', 'createDecipheriv', 'createHash', 'createHmac', 'hkdfSync', 'randomBytes', 'randomUUID', 'timingSafeEqual']));

/** It brings a dozen modules along, among them one that reads lines, and a run of scripts calls nothing of it. */
const FILE_CALLS = ['access', 'chmod', 'lstat', 'mkdir', 'mkdtemp', 'open', 'readdir', 'readFile', 'readlink', 'realpath', 'rename', 'rm', 'rmdir', 'stat', 'statfs', 'symlink', 'unlink', 'utimes', 'writeFile'];
const lateFiles = late('node:fs/promises', `${whenCalled('node:fs/promises', FILE_CALLS)}\nexport const { constants } = process.getBuiltinModule('node:fs');`);

/** Modules that another program of the build has, which is loaded when one of them is asked for. Asked for by `require`, which the entry script answers. */
const another = (program: string, modules: RegExp): Plugin => ({
  name: `another-${program}`,
  setup(build) {
    const file = `./${program}.cjs`;
    build.onResolve({ filter: modules }, ({ kind }) => (kind === 'dynamic-import' ? { path: file, namespace: 'another' } : undefined));
    build.onLoad({ filter: new RegExp(`/${program}\\.cjs$`), namespace: 'another' }, () => ({ contents: `module.exports = require('${file}');`, loader: 'js' }));
    build.onResolve({ filter: new RegExp(`/${program}\\.cjs$`), namespace: 'another' }, () => ({ path: file, external: true }));
  },
});

/** What `src/apart.ts` exports. */
const loadApart = another('apart', /(^@kb-labs\/manifest|\/(check-document|command-table|config-schema|control|plugin-commands|secret-file)\.js)$/);
const loadDaemon = another('daemon', /^@kb-labs\/daemon\/run-daemon$/);
const loadRedis = another('redis', /\/redis-state\.js$/);
const loadRemote = another('remote', /\/remote\.js$/);
const loadCoordination = another('coordination', /\/coordination\.js$/);
const loadBucket = another('bucket', /\/bucket-artifacts\.js$/);
const loadLlm = another('llm', /\/language-model\.js$/);
const loadBullmq = another('bullmq', /\/bullmq\.js$/);

/**
 * The sources of the workspace as ten programs: what every command and a run of scripts need, what they do not, the daemon, the
 * state in Redis, what brings its tickets to a daemon, artifacts in a bucket, the language
 * model, what asks a gateway, playbooks with flows and sessions, and what handlers run in that do not run in the engine.
 * CommonJS, because a program in one file that was compiled before starts faster than modules that have to be linked.
 */
const program = (name: 'main' | 'apart' | 'daemon' | 'redis' | 'bullmq' | 'bucket' | 'llm' | 'remote' | 'coordination' | 'handler-main', plugins: readonly Plugin[]): Options => ({
  entry: { [name]: `./src/${name}.ts` },
  format: 'cjs',
  target: 'node22',
  platform: 'node',
  outDir: 'dist',
  dts: false,
  clean: false,
  splitting: false,
  treeshake: false,
  minify: true,
  sourcemap: false,
  silent: true,
  // Documents that were checked by one build are checked again by the next.
  define: { KB_BUILD: JSON.stringify(Date.now().toString(36)), KB_SCAFFOLD: JSON.stringify(SCAFFOLD) },
  removeNodeProtocol: false,
  external: [...Object.keys(manifest.dependencies), 'undici', 'semver'],
  noExternal: [/^(?!(undici|ajv|ajv-formats|semver)(\/|$))/],
  // The SDKs and BullMQ use more of `node:crypto`, and what it costs to load is little beside their own code.
  esbuildPlugins: [bundledLicences(fileURLToPath(new URL('./dist/LICENSES.txt', import.meta.url))), ...(name === 'bucket' || name === 'bullmq' || name === 'llm' ? [directImports] : [directImports, lateCrypto, yamlModules, zodInEnglish, ...plugins])],
  esbuildOptions(options) {
    // What the web server is made of asks for CommonJS by `require`, and must not get modules where a package has both.
    options.conditions = name === 'daemon' || name === 'redis' || name === 'bullmq' || name === 'bucket' ? ['@kb-labs/source', 'node'] : ['@kb-labs/source', 'module', 'import', 'node'];
    options.legalComments = 'linked';
    options.banner = { js: "const importMetaUrl = process.getBuiltinModule('node:url').pathToFileURL(__filename).href;" };
    options.define = { ...options.define, 'import.meta.url': 'importMetaUrl' };
  },
});

rmSync(fileURLToPath(new URL('./dist', import.meta.url)), { recursive: true, force: true });

export default defineConfig([
  program('main', [lateFiles, loadApart, loadRedis, loadBucket, loadLlm, loadRemote, loadCoordination]),
  program('apart', [lateFiles, loadDaemon, loadRedis, loadBucket, loadLlm, loadRemote]),
  program('daemon', [expressAlone, loadApart, loadRedis, loadBucket, loadLlm]),
  program('redis', [loadBullmq]),
  program('bullmq', []),
  program('bucket', []),
  program('llm', []),
  program('remote', []),
  program('coordination', [lateFiles, loadApart, loadRedis, loadBucket, loadLlm, loadRemote]),
  program('handler-main', []),
]);
