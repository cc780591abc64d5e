import type { CommandHandler, PluginContext } from '@kb-labs/sdk';

import { installDependencies } from '../install-dependencies.js';
import type { runCommand } from '../plugin.js';
import { chooseTargets } from '../project/choose-targets.js';
import { findProject, type Project } from '../project/find-project.js';
import { listPackages } from '../project/list-packages.js';
import type { Package } from '../project/read-package.js';
import { type BuildResult, buildTargets, type BuiltTarget } from './build-targets.js';
import { findOutputs, type FoundOutputs, type OutputFile } from './find-outputs.js';
import { saveOutputs } from './save-outputs.js';
import { summarize } from './summarize.js';

const run: CommandHandler<typeof runCommand> = async (input, ctx) => {
  const startedAt = performance.now();
  const project = await findProject(ctx.fs, input.folder, input.manager);
  const { manager, root } = project;
  const members = await membersOf(ctx, project, input.script, input.packages !== undefined);
  const ordered = chooseTargets(project, members, input);
  ctx.log.info(`building ${ordered.map(({ package: { name } }) => name).slice(0, 20).join(', ')}${ordered.length > 20 ? ', …' : ''} with ${manager.name}${manager.name === 'yarn' && manager.berry ? ' (2 or later)' : ''}`);
  const installed = await installDependencies(ctx, project, { mode: input.install, members });

  const folders = ordered.map(({ package: { folder } }) => folder);
  const before = await findOutputs(ctx.fs, folders, input.outputs);
  const built = await buildTargets(ctx, ordered, { manager, script: input.script, concurrency: input.concurrency });
  const after = await findOutputs(ctx.fs, folders, input.outputs);
  if (after.more) ctx.log.warn(`there are more outputs than are looked at: the first ${String(after.files.length)} count`);
  const targets = countOutputs(built.targets, before, after);

  if (built.failures.length > 0) {
    await ctx.artifacts.save({ name: 'build.json', type: 'json', label: 'Build', content: asJson({ manager: manager.name, targets, outputs: [] }) });
    throw buildFailed(built, targets);
  }
  const outputs = await saveOutputs(ctx, after.files, input);
  await ctx.artifacts.save({ name: 'build.json', type: 'json', label: 'Build', content: asJson({ manager: manager.name, targets, outputs }) });
  await ctx.artifacts.save({ name: 'build.md', type: 'markdown', label: 'Build', content: summarize({ manager: manager.name, targets, outputs }) });
  ctx.progress(1);
  const saved = outputs.filter(({ artifact }) => artifact !== undefined).length;
  return {
    manager: manager.name,
    root: root.folder,
    installed,
    targets,
    outputs: { files: outputs.length, bytes: sum(after.files), saved, omitted: outputs.length - saved },
    durationMs: Math.round(performance.now() - startedAt),
  };
};

export default run;

/** Asked for only where they matter: pnpm takes its time to tell. */
async function membersOf(ctx: PluginContext, project: Project, script: string, filtered: boolean): Promise<Package[]> {
  const { package: own, root } = project;
  if (!filtered && (own.scripts.has(script) || own.folder !== root.folder)) return [];
  return listPackages(ctx, project);
}

interface TargetWithOutputs extends BuiltTarget {
  outputs: { files: number; bytes: number; written: number };
}

function countOutputs(targets: readonly BuiltTarget[], before: FoundOutputs, after: FoundOutputs): TargetWithOutputs[] {
  const old = new Map(before.files.map((file) => [file.path, file]));
  const isWritten = (file: OutputFile): boolean => {
    const earlier = old.get(file.path);
    return earlier === undefined || earlier.modifiedAt !== file.modifiedAt || earlier.bytes !== file.bytes;
  };
  return targets.map((target) => {
    const files = after.files.filter(({ folder }) => folder === target.folder);
    return { ...target, outputs: { files: files.length, bytes: sum(files), written: files.filter(isWritten).length } };
  });
}

/** A failed build can be the fault of the machine: whether to try again is for the step's retry policy. */
function buildFailed({ failures }: BuildResult, targets: readonly TargetWithOutputs[]): Error {
  const [first] = failures;
  const names = failures.map(({ target }) => target.package).join(', ');
  const skipped = targets.filter(({ status }) => status === 'skipped').length;
  const rest = skipped === 0 ? '' : ` (${String(skipped)} not built because of it)`;
  const what = first === undefined ? '' : `: "${first.target.script}" of ${first.target.package} ended with exit code ${String(first.exitCode)}${rest}\n${first.last.ofScript()}`;
  return Object.assign(new Error(`${names} failed to build${what}`), {
    code: 'BUILD_FAILED',
    hint: 'the log of the step has everything it printed',
    details: {
      failures: failures.slice(0, 10).map(({ target, exitCode, last }) => ({ package: target.package, folder: target.folder, script: target.script, exitCode, lines: last.lines() })),
      targets: targets.slice(0, 200).map(({ package: name, status, durationMs }) => ({ package: name, status, durationMs })),
    },
  });
}

function sum(files: readonly OutputFile[]): number {
  return files.reduce((total, { bytes }) => total + bytes, 0);
}

function asJson(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}
