#!/usr/bin/env node
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
if (major < 22 || (major === 22 && minor < 18)) {
  process.stderr.write(`kb needs Node 22.18 or newer; this is Node ${process.versions.node} (${process.execPath}).\n`);
  process.exit(1);
}

// Compiled code is kept between runs, in the folder of NODE_COMPILE_CACHE or else of the system's temporary files.
process.getBuiltinModule('node:module').enableCompileCache();

// SQLite is part of Node and marked experimental in some of its versions; people who run a workflow need not know.
const emitWarning = process.emitWarning.bind(process);
process.emitWarning = /** @type {typeof process.emitWarning} */ (
  (/** @type {[warning: string]} */ ...args) => {
    if (!String(args[0]).startsWith('SQLite is an experimental feature')) emitWarning(...args);
  }
);

// Named at run time: there is nothing to import before the program is built.
const { main } = await import(new URL('../dist/main.js', import.meta.url).href);
await main(process.argv.slice(2));
