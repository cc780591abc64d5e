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

beginAgain();

const { join } = require('node:path');
const program = join(__dirname, '../dist/main.cjs');
(loadCompiled(program, join(__dirname, '../dist/main.cache')) ?? loadSource(program)).main(process.argv.slice(2));

/**
 * A daemon lives long. With glibc each thread gets a pool of memory of its own (mallopt(3), M_ARENA_MAX), which keeps what it was used for
 * once: 10 to 20 MB of a daemon that does nothing. With one pool for the first thread and one for the others, it keeps a fifth of that. The
 * library reads this when a program begins: the program begins again, in the same process.
 */
function beginAgain() {
  const { argv, env, execArgv, execPath, execve, platform, send } = process;
  const livesLong = argv[2] === 'daemon:start' || argv[2] === 'studio';
  // Who has started it with a channel for messages would lose that.
  if (!livesLong || platform !== 'linux' || env.MALLOC_ARENA_MAX !== undefined || send !== undefined || execve === undefined) return;
  execve(execPath, [execPath, ...execArgv, ...argv.slice(1)], { ...env, MALLOC_ARENA_MAX: '2' });
}

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
