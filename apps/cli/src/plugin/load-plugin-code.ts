import { spawn } from 'node:child_process';

const TIME_LIMIT_MS = 30_000;

export interface CodeToLoad {
  readonly root: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Files with the definition of the plugin, relative to the root: the first one that is there and can be loaded is taken. */
  readonly definitions: readonly string[];
  /** Id of the command, file, name of the export. */
  readonly handlers: readonly (readonly [string, string, string])[];
}

export interface LoadedCode {
  /** What is wrong with the handler of each command. */
  readonly handlers: Readonly<Record<string, string | null>>;
  readonly definition:
    | { readonly kind: 'manifest'; readonly file: string; readonly manifest: Readonly<Record<string, unknown>> }
    | { readonly kind: 'problem'; readonly file: string; readonly problem: string }
    | { readonly kind: 'none'; readonly problem: string };
}

/** Loads the code of a plugin in a process of its own, which gets no more of the environment than a program needs. */
export async function loadPluginCode({ root, env, definitions, handlers }: CodeToLoad): Promise<LoadedCode | { readonly problem: string }> {
  const { PATH, HOME, TMPDIR } = env;
  const child = spawn(process.execPath, ['--no-warnings', '--input-type=module', '--eval', PROGRAM, JSON.stringify({ definitions, handlers })], {
    cwd: root,
    env: { PATH, HOME, TMPDIR },
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    timeout: TIME_LIMIT_MS,
    killSignal: 'SIGKILL',
  });
  let said = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    said = `${said}${chunk.toString()}`.slice(-2_000);
  });
  return new Promise((done) => {
    let answer: LoadedCode | undefined;
    child.once('message', (message) => {
      answer = message as LoadedCode;
      child.kill('SIGKILL');
    });
    child.once('error', (thrown) => {
      done({ problem: thrown.message });
    });
    child.once('close', (code, signal) => {
      done(answer ?? { problem: signal === null ? `the process that loads its code ended with ${String(code)}${said.trim() === '' ? '' : `: ${said.trim()}`}` : `the process that loads its code was ended by ${signal}` });
    });
  });
}

/** Bare names are looked up from the folder it is started in: the package's own copy of the kit makes the manifest. */
const PROGRAM = `
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
const send = process.send.bind(process);
const { definitions, handlers } = JSON.parse(process.argv[1]);
const load = (file) => import(pathToFileURL(resolve(file)).href);
const textOf = (thrown) => (thrown instanceof Error ? thrown.message : String(thrown));
const checked = {};
for (const [id, file, name] of handlers) {
  try {
    checked[id] = !existsSync(file) ? 'it is not there: ' + file : typeof (await load(file))[name] === 'function' ? null : name + ' is not a function';
  } catch (thrown) {
    checked[id] = 'it cannot be loaded: ' + textOf(thrown);
  }
}
const define = async () => {
  let toManifest;
  try {
    ({ toManifest } = await import('@kb-labs/sdk/build'));
  } catch (thrown) {
    return { kind: 'none', problem: '@kb-labs/sdk is not installed for it' };
  }
  let problem = 'there is none of ' + definitions.join(', ');
  for (const file of definitions.filter((one) => existsSync(one))) {
    let plugin;
    try {
      plugin = (await load(file)).default;
    } catch (thrown) {
      problem = file + ': ' + textOf(thrown);
      continue;
    }
    try {
      return { kind: 'manifest', file, manifest: JSON.parse(JSON.stringify(toManifest(plugin))) };
    } catch (thrown) {
      return { kind: 'problem', file, problem: textOf(thrown) };
    }
  }
  return { kind: 'none', problem };
};
send({ handlers: checked, definition: await define() });
`;
