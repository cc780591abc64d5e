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

const { readFileSync, writeFileSync } = require('node:fs');
const { createRequire, enableCompileCache } = require('node:module');
const { basename, join } = require('node:path');
const { constants, Script } = require('node:vm');
const program = join(__dirname, '../dist/main.cjs');
(loadCompiled(program) ?? loadSource(program)).main(process.argv.slice(2));

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
 * A program of the build from what that has compiled: every function that it called then. `undefined` when there is nothing for this one, or not for
 * this version of Node.
 */
function loadCompiled(file) {
  const cache = file.replace(/cjs$/, 'cache');
  const writes = process.env.KB_COMPILE?.split(',').includes(basename(file, '.cjs')) === true;
  let cachedData;
  try {
    if (!writes) cachedData = readFileSync(cache);
  } catch {
    return undefined;
  }
  // The bundler writes ASCII only, so that a byte is a character.
  const source = `(function (exports, require, module, __filename, __dirname) {${readFileSync(file, 'latin1')}\n})`;
  // Compiled code names its file, which is another one wherever it is installed: the name given when it is loaded counts. A slice of the path would be kept
  // with all of it.
  const filename = writes ? Buffer.from(basename(file)).toString() : file;
  const script = new Script(source, { filename, cachedData, importModuleDynamically: constants.USE_MAIN_CONTEXT_DEFAULT_LOADER });
  if (script.cachedDataRejected) return undefined;
  // Read by now, and a daemon that does nothing collects no garbage for a long time. What was taken is too long to share its memory with others.
  cachedData?.buffer.transfer(0);
  if (writes) process.on('exit', () => writeFileSync(cache, script.createCachedData()));
  const module = { id: file, filename: file, exports: {}, loaded: true };
  // Where Node looks as well: a program that it has loaded itself finds the same one.
  require.cache[file] = module;
  script.runInThisContext()(module.exports, requireIn(file), module, file, join(file, '..'));
  return module.exports;
}

/** What a program asks for: others of the build, each loaded once, or anything else. */
function requireIn(file) {
  const ask = createRequire(file);
  const load = (other) => require.cache[other]?.exports ?? loadCompiled(other) ?? ask(other);
  return Object.assign((id) => (/^\.\/[a-z-]+\.cjs$/.test(id) ? load(join(file, '..', id)) : ask(id)), ask);
}

/** Compiled code is kept between runs, in the folder of NODE_COMPILE_CACHE or else of the system's temporary files. */
function loadSource(file) {
  enableCompileCache();
  return require(file);
}
