import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

import { sandboxArgs, withFilter } from './bubblewrap.js';
import { findProgram } from './find-program.js';

export type SandboxAnswer = { readonly ok: true; readonly program: string } | { readonly ok: false; readonly problem: string };

const run = promisify(execFile);
const TRY_MS = 10_000;

let answer: Promise<SandboxAnswer> | undefined;

/** Whether steps can be confined by bubblewrap here: tries it once per process, with all it needs. */
export function canSandbox(): Promise<SandboxAnswer> {
  answer ??= trySandbox(process.platform, process.env['PATH']);
  return answer;
}

export async function trySandbox(platform: NodeJS.Platform, path: string | undefined): Promise<SandboxAnswer> {
  if (platform !== 'linux') return { ok: false, problem: 'bubblewrap is there on Linux only' };
  const program = await findProgram('bwrap', path);
  if (program === undefined) return { ok: false, problem: 'bubblewrap (bwrap) is not installed' };
  const command = withFilter([program, ...sandboxArgs({ home: '/tmp/home', mounts: [], network: false, cwd: '/' }), '--', 'sh', '-c', 'exit 0']);
  try {
    await run(command.program, [...command.args], { timeout: TRY_MS, env: { PATH: '/usr/bin:/bin' }, cwd: '/' });
    return { ok: true, program };
  } catch (thrown) {
    return { ok: false, problem: explain(thrown) };
  }
}

function explain(thrown: unknown): string {
  const said = thrown instanceof Error && 'stderr' in thrown ? String(thrown.stderr).trim().split('\n')[0] ?? '' : '';
  if (/unknown option/i.test(said)) return 'bubblewrap is older than 0.8';
  if (/namespace|uid map|Operation not permitted|Permission denied/i.test(said)) return `this machine does not let the engine make user namespaces (${said})`;
  return said === '' ? 'bubblewrap could not be started' : said;
}
