import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** A throw-away clone with a CLI that tells what it was given, and stand-ins for npm, pnpm and turbo that write down every call: no network. */
export interface Clone {
  readonly root: string;
  /** Runs `sh tooling/launch/<script>`; resolves when it ended. */
  launch(script: string, args?: readonly string[], options?: LaunchOptions): Promise<Ended>;
  /** The same, without waiting for the end. */
  start(script: string, args?: readonly string[], options?: LaunchOptions): ChildProcess;
  /** Programs started since the last call, one line each. */
  calls(): string[];
  write(path: string, text: string): void;
  has(path: string): boolean;
  remove(): void;
}

interface LaunchOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly input?: string;
}

interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

const LAUNCH = dirname(fileURLToPath(import.meta.url));

// What the CLI of the clone prints: everything the launcher has to hand over.
const CLI = `
import { readFileSync } from 'node:fs';
const [mode] = process.argv.slice(2);
if (mode === 'wait') {
  process.on('SIGTERM', () => process.exit(43));
  process.stdout.write('waiting ' + process.pid + '\\n');
  setInterval(() => {}, 1000);
} else if (mode === 'exit') process.exitCode = 42;
else if (mode === 'stdin') process.stdout.write(readFileSync(0));
else console.log(JSON.stringify({ args: process.argv.slice(2), cwd: process.cwd() }));
`;

const TURBO = `
import { appendFileSync, existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
appendFileSync(process.env.CALLS, 'turbo ' + process.argv.slice(2).join(' ') + '\\n');
console.log('turbo talks on stdout');
if (existsSync('break-build')) { console.error('src/main.ts: no such thing'); process.exit(1); }
if (existsSync('slow-build')) { appendFileSync(process.env.CALLS, 'turbo pid ' + process.pid + '\\n'); for (let left = 3_000; left > 0 && existsSync('slow-build'); left -= 1) await delay(20); }
mkdirSync('apps/cli/dist', { recursive: true });
// As tsup does: its configuration, compiled, beside the original.
writeFileSync('tooling/tsup/library.bundled.mjs', '');
rmSync('tooling/tsup/library.bundled.mjs');
`;

const PNPM = `#!/bin/sh
[ "$1" = --version ] && { echo 12.0.1; exit; }
echo "pnpm $*" >>"$CALLS"
echo 'pnpm talks on stdout'
[ ! -e offline ] || { echo 'ERR_PNPM_META_FETCH_FAIL getaddrinfo ENOTFOUND registry.example'; exit 1; }
mkdir -p node_modules/node/bin node_modules/turbo/bin
cp "$SHIMS/turbo.mjs" node_modules/turbo/bin/turbo
echo '{"type":"module"}' >node_modules/turbo/package.json
cp "$SHIMS/pinned-node" node_modules/node/bin/node
`;

const NPM = `#!/bin/sh
echo "npm $*" >>"$CALLS"
[ ! -e offline ] && [ ! -e ../offline ] || { echo 'npm error code ENOTFOUND'; exit 1; }
mkdir -p node_modules/.bin node_modules/pnpm
sed 's/12.0.1/12.0.0/' "$SHIMS/spare/pnpm" >node_modules/.bin/pnpm
chmod +x node_modules/.bin/pnpm
`;

/** @param withPnpm whether a suitable pnpm is on PATH */
export function makeClone({ withPnpm = true } = {}): Clone {
  const base = realpathSync(mkdtempSync(join(tmpdir(), 'kb-launch-')));
  const root = join(base, 'clone with space');
  const shims = join(base, 'shims');
  const calls = join(base, 'calls');
  const place = (path: string, text: string, mode = 0o644): void => {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
    chmodSync(path, mode);
  };
  cpSync(LAUNCH, join(root, 'tooling/launch'), { recursive: true });
  place(join(root, 'tooling/tsup/library.mjs'), '');
  place(join(root, 'package.json'), JSON.stringify({ packageManager: 'pnpm@12.0.0', devDependencies: { node: process.versions.node } }));
  place(join(root, 'pnpm-workspace.yaml'), 'packages: []\n');
  place(join(root, 'pnpm-lock.yaml'), 'lockfileVersion: 9\n');
  place(join(root, 'turbo.json'), '{}');
  place(join(root, 'apps/cli/package.json'), JSON.stringify({ name: '@kb-labs/cli', type: 'module' }));
  place(join(root, 'apps/cli/bin/kb.js'), CLI);
  place(join(root, 'apps/cli/src/main.ts'), '');
  place(join(root, 'packages/one/package.json'), JSON.stringify({ name: '@kb-labs/one' }));
  place(join(root, 'packages/one/src/index.ts'), '');
  place(join(root, 'packages/one/src/deep/index.test.ts'), '');
  place(join(shims, 'turbo.mjs'), TURBO);
  place(join(shims, 'pinned-node'), nodeShim('pinned node'), 0o755);
  place(join(shims, 'path/node'), nodeShim('system node'), 0o755);
  place(join(shims, 'path/npm'), NPM, 0o755);
  place(join(shims, withPnpm ? 'path/pnpm' : 'spare/pnpm'), PNPM, 0o755);
  place(calls, '');
  let seen = 0;

  const start: Clone['start'] = (script, args = [], { cwd = root, env = {} } = {}) =>
    spawn('sh', [cwd === root ? `tooling/launch/${script}` : join(root, 'tooling/launch', script), ...args], {
      cwd,
      // A group of its own, as a terminal would give it.
      detached: true,
      env: { PATH: `${join(shims, 'path')}:/usr/bin:/bin`, HOME: base, CALLS: calls, SHIMS: shims, ...env },
    });
  return {
    root,
    start,
    async launch(script, args, options) {
      const child = start(script, args, options);
      let stdout = '';
      let stderr = '';
      child.stdout?.setEncoding('utf8').on('data', (text: string) => (stdout += text));
      child.stderr?.setEncoding('utf8').on('data', (text: string) => (stderr += text));
      child.stdin?.end(options?.input);
      await once(child, 'close');
      return { code: child.exitCode, signal: child.signalCode, stdout, stderr };
    },
    calls() {
      const lines = readFileSync(calls, 'utf8').split('\n').filter(Boolean);
      return lines.slice(seen, (seen = lines.length));
    },
    write: (path, text) => place(join(root, path), text),
    has: (path) => existsSync(join(root, path)),
    remove: () => rmSync(base, { recursive: true, force: true }),
  };
}

// `node --version` is a question of the setup; every other start counts.
function nodeShim(name: string): string {
  return `#!/bin/sh\n[ "$1" = --version ] || echo "${name}" >>"$CALLS"\nexec '${process.execPath}' "$@"\n`;
}
