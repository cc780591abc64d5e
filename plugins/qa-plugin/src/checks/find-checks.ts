import { FatalError, type PluginContext } from '@kb-labs/sdk';

import { execArgs, findManager, type Manager, runArgs } from '../project/find-manager.js';
import { readText } from '../project/read-text.js';
import { objectOf, textOf } from '../reports/report.js';
import { detectTool, type Tool } from './detect-tool.js';
import { type CheckName, CHECKS, type Format } from './names.js';
import { toolArgs, toolCall } from './tool-call.js';

/** One program to run, and how its results are read. */
export interface Check {
  readonly name: CheckName;
  readonly tool: Tool | 'script' | 'command';
  readonly program: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** `printed`: what it prints is the report. `guess`: it is, if it looks like one. */
  readonly report: { readonly kind: 'file' | 'glob'; readonly path: string; readonly format: Format } | { readonly kind: 'printed' | 'guess'; readonly format: Format } | undefined;
}

export interface Wanted {
  readonly checks?: readonly CheckName[] | undefined;
  readonly commands: Readonly<Partial<Record<CheckName, string | undefined>>>;
  readonly reports: Readonly<Partial<Record<CheckName, { readonly file: string; readonly format: Format } | undefined>>>;
}

export interface Place {
  /** Relative to the workspace. */
  readonly folder: string;
  /** Where reports are written, relative to that folder. */
  readonly reports: string;
}

const SCRIPTS: Readonly<Record<CheckName, readonly string[]>> = {
  test: ['test'],
  types: ['types', 'typecheck', 'type-check', 'check-types', 'check:types', 'tsc'],
  lint: ['lint'],
};

/** What `npm init` writes. */
const NO_TESTS = /^echo "Error: no test specified" && exit 1$/;

/** What a project has of the checks asked for; one that was named and is not there is an error. */
export async function findChecks(ctx: Pick<PluginContext, 'fs' | 'workspace'>, wanted: Wanted, place: Place): Promise<Check[]> {
  const names = wanted.checks ?? CHECKS;
  const project = names.every((name) => wanted.commands[name] !== undefined) ? undefined : await readProject(ctx, place.folder);
  const found: Check[] = [];
  for (const name of new Set(names)) {
    const command = wanted.commands[name];
    const check = command === undefined ? await findOne(ctx.fs, project, { name, place }) : custom(name, command);
    if (check !== undefined) found.push(withReport(check, wanted.reports[name]));
    else if (wanted.checks !== undefined) throw nothingFor(name, place.folder);
  }
  if (found.length > 0) return found;
  throw new FatalError(`${place.folder === '.' ? 'the workspace' : place.folder} has no tests, types or lint that are known here`, {
    code: 'NO_CHECKS',
    hint: 'add scripts "test", "types" or "lint" to package.json, name the folder with "folder", or give "commands"',
  });
}

interface Project {
  readonly manager: Manager;
  readonly scripts: ReadonlyMap<string, string>;
  readonly dependencies: ReadonlySet<string>;
}

async function readProject(ctx: Pick<PluginContext, 'fs' | 'workspace'>, folder: string): Promise<Project | undefined> {
  const path = at(folder, 'package.json');
  const text = await readText(ctx.fs, path);
  if (text === undefined) return undefined;
  let written: Readonly<Record<string, unknown>>;
  try {
    written = objectOf(JSON.parse(text.replace(/^\uFEFF/, '')));
  } catch (error) {
    throw new FatalError(`${path} cannot be read: ${error instanceof Error ? error.message : String(error)}`, { code: 'PACKAGE_UNREADABLE', details: { path } });
  }
  return {
    manager: await findManager(ctx, folder),
    scripts: new Map(Object.entries(objectOf(written['scripts'])).map(([name, script]) => [name, textOf(script).trim()])),
    dependencies: new Set(['dependencies', 'devDependencies'].flatMap((kind) => Object.keys(objectOf(written[kind])))),
  };
}

async function findOne(fs: PluginContext['fs'], project: Project | undefined, { name, place }: { name: CheckName; place: Place }): Promise<Check | undefined> {
  if (project === undefined) return undefined;
  const { manager, scripts } = project;
  const reportFile = `${place.reports}/${name}.report`;
  const script = SCRIPTS[name].find((one) => scripts.get(one) !== undefined && !NO_TESTS.test(scripts.get(one) ?? ''));
  const tool = script === undefined ? await installedTool(fs, project, { name, folder: place.folder }) : detectTool(scripts.get(script) ?? '');
  if (script === undefined && tool === undefined) return undefined;
  const call = tool === undefined ? undefined : toolCall(tool, reportFile);
  return {
    name,
    tool: tool ?? 'script',
    program: manager.program,
    args:
      script !== undefined
        ? runArgs(manager, script, call?.args ?? [])
        : execArgs(manager, tool ?? '', [...toolArgs(tool ?? 'vitest', { references: await hasReferences(fs, place.folder) }), ...(call?.args ?? [])]),
    env: call?.env ?? {},
    report: call === undefined ? guessFor(name) : call.printed === true ? { kind: 'printed', format: call.format } : { kind: 'file', path: reportFile, format: call.format },
  };
}

async function installedTool(fs: PluginContext['fs'], { dependencies }: Project, { name, folder }: { name: CheckName; folder: string }): Promise<Tool | undefined> {
  switch (name) {
    case 'test':
      return (['vitest', 'jest', 'mocha'] as const).find((tool) => dependencies.has(tool));
    case 'types':
      if (!(await fs.exists(at(folder, 'tsconfig.json')))) return undefined;
      return dependencies.has('vue-tsc') ? 'vue-tsc' : dependencies.has('typescript') ? 'tsc' : undefined;
    case 'lint': {
      const configured = await Promise.all(['js', 'mjs', 'cjs', 'ts', 'mts', 'cts'].map((extension) => fs.exists(at(folder, `eslint.config.${extension}`))));
      return dependencies.has('eslint') && configured.includes(true) ? 'eslint' : undefined;
    }
  }
}

/** A tsconfig that only refers to others would check nothing by itself. */
async function hasReferences(fs: PluginContext['fs'], folder: string): Promise<boolean> {
  return /"references"\s*:\s*\[\s*[^\s\]]/.test((await readText(fs, at(folder, 'tsconfig.json'))) ?? '');
}

function custom(name: CheckName, command: string): Check {
  return { name, tool: 'command', program: 'sh', args: ['-c', command], env: {}, report: guessFor(name) };
}

function guessFor(name: CheckName): Check['report'] {
  return name === 'lint' ? undefined : { kind: 'guess', format: name === 'test' ? 'tap' : 'tsc' };
}

function withReport(check: Check, report: Wanted['reports'][CheckName]): Check {
  return report === undefined ? check : { ...check, report: { kind: 'glob', path: report.file, format: report.format } };
}

function nothingFor(name: CheckName, folder: string): FatalError {
  return new FatalError(`${folder === '.' ? 'the workspace' : folder} has nothing for the check "${name}"`, {
    code: 'CHECK_NOT_FOUND',
    hint: `add a script ${SCRIPTS[name].slice(0, 2).map((script) => `"${script}"`).join(' or ')} to package.json, or give "commands.${name}"`,
    details: { check: name, folder },
  });
}

function at(folder: string, file: string): string {
  return folder === '.' ? file : `${folder}/${file}`;
}
