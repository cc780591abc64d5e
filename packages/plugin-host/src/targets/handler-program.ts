import { existsSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

/** How the program is started that handlers run in, when it is not this one. */
export interface HandlerProgram {
  /** Arguments for Node. */
  readonly args: readonly string[];
  /** What it has to be able to read. */
  readonly readable: readonly string[];
}

/** Beside the built library, as a module; beside the one file of the command line, as a script. */
const BUILT = ['./handler-main.js', './handler-main.cjs'];

let found: HandlerProgram | undefined;

/** Where it is: looked for once, from where this very code is. */
export function handlerProgram(): HandlerProgram {
  found ??= findBuilt() ?? fromSource();
  return found;
}

function findBuilt(): HandlerProgram | undefined {
  const file = BUILT.map((name) => fileURLToPath(new URL(name, import.meta.url))).find((path) => existsSync(path));
  return file === undefined ? undefined : { args: [file], readable: [dirname(file)] };
}

/** Node reads the types away. Its own warning of that would stand in the log of every step. */
function fromSource(): HandlerProgram {
  const [hook, main, folder] = ['./handler/from-source.mjs', './handler/main.ts', '../..'].map((path) => resolve(fileURLToPath(new URL(path, import.meta.url))));
  if (hook === undefined || main === undefined || folder === undefined || !existsSync(main)) throw new Error('the program that runs handlers is missing from this installation');
  return { args: ['--disable-warning=ExperimentalWarning', '--import', hook, main], readable: [folder] };
}
