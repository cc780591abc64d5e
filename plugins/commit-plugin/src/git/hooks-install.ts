import { dirname, join } from 'node:path';

import { type CommandHandler, FatalError, type PluginContext } from '@kb-labs/sdk';

import { type HookFile, RUNNERS, withBlock, withoutBlock } from '../hook-block.js';
import { type Git, openForWriting } from '../open-git.js';
import type { hooksInstallCommand } from '../plugin.js';
import { pushHook } from '../push-hook.js';

type Output = Awaited<ReturnType<CommandHandler<typeof hooksInstallCommand>>>;
type Installed = Output['hooks'][number];

/** What brings commits to a branch in a work tree. */
const HOOKS = ['post-commit', 'post-merge'] as const;
/** Below the project: where a daemon looks for what was noted. */
const SPOOL = '.kb/state/pushes';

const hooksInstall: CommandHandler<typeof hooksInstallCommand> = async ({ uninstall, merges }, ctx) => {
  const place = await findHooks(openForWriting(ctx));
  const runner = join(place.runners, `project-${encodeURIComponent(place.prefix)}`);
  if (uninstall) {
    await shell(ctx, 'rm -f "$1"', [runner]);
  } else {
    // Before there is a state: notes and runs are no part of the repository.
    await shell(ctx, 'mkdir -p -m 700 "$1" && { [ -e "$1/.gitignore" ] || echo "*" > "$1/.gitignore"; } && mkdir -p "$2"', [join(ctx.workspace, '.kb/state'), join(ctx.workspace, SPOOL)]);
    await write(ctx, runner, pushHook({ spool: `${place.prefix}${SPOOL}`, merges, node: process.execPath, program: process.argv[1] ?? '' }));
  }
  // Other projects of the same repository go on being told.
  const isUsed = (await shell(ctx, 'ls "$1" 2>/dev/null || :', [place.runners])).trim() !== '';
  const hooks: Installed[] = [];
  for (const name of HOOKS) {
    const path = join(place.folder, name);
    const wanted = !uninstall && (name === 'post-commit' || merges);
    const stays = isUsed && (uninstall || name === 'post-merge');
    hooks.push({ name, path, state: wanted ? await install(ctx, { path, name, alwaysShell: place.alwaysShell }) : stays && (await hasOthers(ctx, place, name)) ? 'unchanged' : await remove(ctx, path) });
  }
  return { hooks };
};

export default hooksInstall;

interface Place {
  readonly folder: string;
  /** Where the scripts of the projects are. */
  readonly runners: string;
  /** Of the project in its repository, with a slash at the end; empty for the whole. */
  readonly prefix: string;
  /** Whatever is in this folder is run by a shell, marked as a program or not. */
  readonly alwaysShell: boolean;
}

async function findHooks(git: Git): Promise<Place> {
  const prefix = (await git(['rev-parse', '--show-prefix'])).stdout.replace(/\n$/, '');
  const configured = await git(['config', '--show-scope', '--type=path', '--get', 'core.hooksPath'], { accept: [0, 1] });
  const [scope = '', written = ''] = configured.stdout.replace(/\n$/, '').split('\t');
  if (scope === 'global' || scope === 'system') {
    throw new FatalError(`git runs hooks from ${written}, for every repository of this ${scope === 'global' ? 'account' : 'machine'}`, {
      code: 'HOOKS_ELSEWHERE',
      hint: 'give this repository a folder of its own first: git config core.hooksPath .githooks',
    });
  }
  const top = (await git(['rev-parse', '--show-toplevel'])).stdout.replace(/\n$/, '');
  const common = (await git(['rev-parse', '--path-format=absolute', '--git-common-dir'])).stdout.replace(/\n$/, '');
  const runners = join(common, RUNNERS);
  if (scope === '') return { folder: join(common, 'hooks'), runners, prefix, alwaysShell: false };
  const folder = written.startsWith('/') ? written : join(top, written);
  // Husky writes that folder anew; the hooks of people are in the one above.
  return /[\\/]\.husky[\\/]_$/.test(folder) ? { folder: dirname(folder), runners, prefix, alwaysShell: true } : { folder, runners, prefix, alwaysShell: false };
}

interface Wanted {
  readonly path: string;
  readonly name: string;
  readonly alwaysShell: boolean;
}

async function install(ctx: PluginContext, { path, name, alwaysShell }: Wanted): Promise<Installed['state']> {
  const before = await read(ctx, path);
  const change = withBlock(before, { hook: name, alwaysShell });
  if (change === undefined) return 'unchanged';
  if (change.setAside) await shell(ctx, 'mv "$1" "$1.before-kb"', [path]);
  await write(ctx, path, change.text);
  return 'installed';
}

/** Whether a project that is left wants to be told by this hook. */
async function hasOthers(ctx: PluginContext, { runners }: Place, name: string): Promise<boolean> {
  if (name === 'post-commit') return true;
  // Those that merges do not count for say so in their first lines.
  return (await shell(ctx, 'grep -L "post-merge ] && exit 0" "$1"/* || :', [runners])).trim() !== '';
}

async function remove(ctx: PluginContext, path: string): Promise<Installed['state']> {
  const change = withoutBlock(await read(ctx, path));
  if (change === undefined) return 'absent';
  if (change.text === undefined) await shell(ctx, 'if [ -e "$1.before-kb" ] || [ -h "$1.before-kb" ]; then mv "$1.before-kb" "$1"; else rm -f "$1"; fi', [path]);
  else await write(ctx, path, change.text);
  return 'removed';
}

async function read(ctx: PluginContext, path: string): Promise<HookFile> {
  const script = 'if [ -h "$1" ]; then echo link; elif [ -f "$1" ] && [ -x "$1" ]; then echo program && cat "$1"; elif [ -f "$1" ]; then echo file && cat "$1"; else echo none; fi';
  const said = await shell(ctx, script, [path]);
  const end = said.indexOf('\n');
  const kind = said.slice(0, end);
  return { kind: kind === 'link' || kind === 'program' || kind === 'file' ? kind : 'none', text: said.slice(end + 1) };
}

/** As a program, and at once: a commit that is made meanwhile finds the one or the other. */
function write(ctx: PluginContext, path: string, text: string): Promise<string> {
  return shell(ctx, 'mkdir -p "$(dirname "$1")" && cat > "$1.kb-new" && chmod 755 "$1.kb-new" && mv -f "$1.kb-new" "$1"', [path], text);
}

async function shell(ctx: PluginContext, script: string, args: readonly string[], input?: string): Promise<string> {
  const { exitCode, stdout, stderr } = await ctx.exec('sh', ['-c', script, 'sh', ...args], input === undefined ? {} : { input });
  if (exitCode !== 0) throw new FatalError(`the hooks cannot be changed: ${stderr.trim()}`, { code: 'HOOKS_UNWRITABLE' });
  return stdout;
}
