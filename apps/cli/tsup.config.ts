import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

import { defineConfig, type Options } from 'tsup';

const manifest = JSON.parse(readFileSync(new URL('./package.json', import.meta.url), 'utf8')) as { dependencies: Record<string, string> };

/** For Node the package offers CommonJS, which is bundled whole; what it offers to browsers is the same code as modules. */
const yamlModules: NonNullable<Options['esbuildPlugins']>[number] = {
  name: 'yaml-modules',
  setup(build) {
    build.onResolve({ filter: /^yaml$/ }, ({ importer }) => ({
      path: createRequire(importer).resolve('yaml').replace(/dist\/index\.js$/, 'browser/index.js'),
    }));
  },
};

/**
 * An `import` of one of Node's modules reads every name it has, and some of them load a lot: `node:crypto` all of
 * Web Crypto, `node:process` the reports. Asked for like this, only what is used is touched.
 */
const quickBuiltins: NonNullable<Options['esbuildPlugins']>[number] = {
  name: 'quick-builtins',
  setup(build) {
    build.onResolve({ filter: /^node:/ }, ({ path }) => ({ path, namespace: 'builtin' }));
    build.onLoad({ filter: /.*/, namespace: 'builtin' }, ({ path }) => ({ contents: `module.exports = process.getBuiltinModule(${JSON.stringify(path)});`, loader: 'js' }));
  },
};

/**
 * One program from the sources of the workspace, with everything a short run needs and nothing else on its way:
 * commands, the live tree and the checks of schemas are chunks that are read when they are used.
 */
export default defineConfig({
  entry: { main: './src/main.ts' },
  format: 'esm',
  target: 'node22',
  platform: 'node',
  outDir: 'dist',
  dts: false,
  clean: true,
  splitting: true,
  treeshake: false,
  minify: true,
  sourcemap: false,
  silent: true,
  removeNodeProtocol: false,
  external: Object.keys(manifest.dependencies),
  noExternal: [/.*/],
  esbuildPlugins: [quickBuiltins, yamlModules],
  esbuildOptions(options) {
    options.conditions = ['@kb-labs/source', 'module', 'import', 'node'];
    options.legalComments = 'linked';
    // Some of what is bundled asks for Node's modules by "require".
    options.banner = { js: "const require = process.getBuiltinModule('node:module').createRequire(import.meta.url);" };
  },
});
