#!/usr/bin/env node
'use strict';
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
if (major < 22 || (major === 22 && minor < 18)) {
  process.stderr.write(`kb needs Node 22.18 or newer; this is Node ${process.versions.node} (${process.execPath}).\n`);
  process.exit(1);
}

// Parts of Node that are marked experimental in some of its versions; people who run a workflow need not know.
const KNOWN = /^(SQLite|vm\.USE_MAIN_CONTEXT_DEFAULT_LOADER) is an experimental feature/;
const emitWarning = process.emitWarning.bind(process);
process.emitWarning = (...args) => {
  if (!KNOWN.test(String(args[0]))) emitWarning(...args);
};

const { join } = require('node:path');
const program = join(__dirname, '../dist/main.cjs');
(loadCompiled(program, join(__dirname, '../dist/main.cache')) ?? loadSource(program)).main(process.argv.slice(2));

/**
 * The program from what the build has compiled: every function that a run of one step calls. `undefined` when there is
 * none for this version of Node.
 */
function loadCompiled(file, cache) {
  const { readFileSync, writeFileSync } = require('node:fs');
  const { constants, Script } = require('node:vm');
  const writes = process.env.KB_COMPILE_TO;
  let cachedData;
  try {
    if (writes === undefined) cachedData = readFileSync(cache);
  } catch {
    return undefined;
  }
  // The bundler writes ASCII only, so that a byte is a character.
  const source = `(function (exports, require, module, __filename, __dirname) {${readFileSync(file, 'latin1')}\n})`;
  // Compiled code names its file, which is another one wherever it is installed: the name given when it is loaded counts.
  const filename = writes === undefined ? file : 'main.cjs';
  const script = new Script(source, { filename, cachedData, importModuleDynamically: constants.USE_MAIN_CONTEXT_DEFAULT_LOADER });
  if (script.cachedDataRejected) return undefined;
  if (writes !== undefined) process.on('exit', () => writeFileSync(writes, script.createCachedData()));
  const module = { exports: {} };
  script.runInThisContext()(module.exports, require('node:module').createRequire(file), module, file, join(file, '..'));
  return module.exports;
}

/** Compiled code is kept between runs, in the folder of NODE_COMPILE_CACHE or else of the system's temporary files. */
function loadSource(file) {
  require('node:module').enableCompileCache();
  return require(file);
}
