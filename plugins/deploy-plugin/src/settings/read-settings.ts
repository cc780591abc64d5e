import { FatalError, type PluginContext } from '@kb-labs/sdk';
import { z } from 'zod';

import type { Found } from './found-target.js';
import { deployedUrl, deployedVersion, environment, pushTarget, rollbackTarget } from './targets.js';

/** The permission of both commands names it too. */
const FILE = '.kb/deploy.json';
const MAX_BYTES = 256 * 1024;

/** Targets are checked when one is chosen: a mistake in another one does not stop this deployment. */
const settingsSchema = z.strictObject({
  target: z.unknown().optional(),
  targets: z.record(environment, z.unknown()).optional(),
  default: environment.optional(),
  version: deployedVersion.optional(),
  url: deployedUrl.optional(),
});
type Settings = z.infer<typeof settingsSchema>;

interface Chosen {
  readonly place: readonly string[];
  readonly value: unknown;
}

export async function readPushSettings(name: string | undefined, { fs }: Pick<PluginContext, 'fs'>): Promise<Found<z.infer<typeof pushTarget>>> {
  const settings = await readSettings(fs);
  const { place, value } = choose(settings, name);
  const target = checked(pushTarget, value, place);
  return { target, version: settings.version, url: settings.url };
}

export async function readRollbackTarget(name: string | undefined, { fs }: Pick<PluginContext, 'fs'>): Promise<z.infer<typeof rollbackTarget>> {
  const { place, value } = choose(await readSettings(fs), name);
  if (isCommand(value)) {
    throw new FatalError(`the target ${place.join('.')} in ${FILE} is a command, and what it deployed is not known here`, {
      code: 'NOTHING_TO_ROLL_BACK',
      hint: 'have it go back by a step of its own',
    });
  }
  return checked(rollbackTarget, value, place);
}

async function readSettings(fs: PluginContext['fs']): Promise<Settings> {
  if (!(await fs.exists(FILE))) {
    throw new FatalError(`nothing says where: there is no "target", and no ${FILE} in the workspace`, {
      code: 'NO_TARGET',
      hint: `give "target", or write ${FILE}, such as {"target":{"type":"directory","source":"dist","path":"/var/www/site"}}`,
    });
  }
  const { kind, bytes } = await fs.stat(FILE);
  if (kind !== 'file') throw invalid(`${FILE} is no file`);
  if (bytes > MAX_BYTES) throw invalid(`${FILE} is larger than ${String(MAX_BYTES)} bytes`);
  return checked(settingsSchema, parse((await fs.readText(FILE)).replace(/^\uFEFF/, '')), []);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw invalid(`${FILE} is not JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function choose(settings: Settings, name: string | undefined): Chosen {
  const { target, targets } = settings;
  if (target !== undefined && targets !== undefined) throw invalid(`${FILE} has both "target" and "targets"`, 'keep one of them');
  if (targets === undefined && settings.default !== undefined) throw invalid(`${FILE} has a "default", but no "targets" that it could name`);
  if (targets !== undefined) return chooseNamed(targets, name, settings.default);
  if (target === undefined) throw noTarget(`${FILE} has neither "target" nor "targets"`, 'write one of them, or give "target" to the step');
  if (name !== undefined) throw noTarget(`${FILE} has one "target" and no names, so none called ${name}`, 'leave "environment" out, or write "targets" with names');
  return { place: ['target'], value: target };
}

function chooseNamed(targets: Readonly<Record<string, unknown>>, asked: string | undefined, standard: string | undefined): Chosen {
  const names = Object.keys(targets);
  const name = asked ?? standard ?? (names.length === 1 ? names[0] : undefined);
  const listed = names.length === 0 ? 'it has none' : `it has ${names.join(', ')}`;
  if (name === undefined) throw noTarget(`${FILE} does not say which of its "targets" is meant: ${listed}`, 'give "environment", or write a "default"');
  if (!Object.hasOwn(targets, name)) {
    const wrong = `"targets" in ${FILE} have none called ${name}: ${listed}`;
    throw asked === undefined ? invalid(wrong, 'mend "default"') : noTarget(wrong, 'give one of these names as "environment"');
  }
  return { place: ['targets', name], value: targets[name] };
}

function checked<Schema extends z.ZodType>(schema: Schema, value: unknown, place: readonly string[]): z.infer<Schema> {
  const result = schema.safeParse(value, { reportInput: true });
  if (result.success) return result.data;
  const problems = result.error.issues.map((issue) => `${[...place, ...issue.path.map(String)].join('.') || 'the file'}: ${describe(issue)}`);
  throw invalid(`${FILE}: ${problems.join('; ')}`);
}

function describe(issue: z.core.$ZodIssue): string {
  if (issue.code === 'invalid_union' && 'options' in issue) return `is to be one of ${(issue.options ?? []).map(String).join(', ')}`;
  if (issue.code === 'invalid_key') return 'is no name: letters, digits, ".", "_" and "-"';
  return issue.code === 'invalid_type' && issue.input === undefined ? 'is missing' : issue.message;
}

function isCommand(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'type' in value && value.type === 'command';
}

function invalid(message: string, hint?: string): FatalError {
  return new FatalError(message, { code: 'TARGET_INVALID', ...(hint === undefined ? {} : { hint }) });
}

function noTarget(message: string, hint: string): FatalError {
  return new FatalError(message, { code: 'NO_TARGET', hint });
}
