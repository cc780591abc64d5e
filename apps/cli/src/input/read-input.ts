import type { JsonObject, JsonValue, WorkflowInput } from '@kb-labs/contracts';
import { AppError } from '@kb-labs/errors';

import type { Host } from '../terminal/terminal.js';
import { parseJson, parseObject } from './parse-json.js';
import { readTextFile } from './read-text-file.js';

export interface InputArgs {
  readonly input: string | undefined;
  readonly 'input-file': string | undefined;
  readonly field: readonly string[];
}

/** The declared inputs of the workflow, asked for only when there are fields to read. */
export type DeclaredInputs = () => Promise<Readonly<Record<string, WorkflowInput>>>;

/**
 * The inputs of a run from the command line: the file, then `--input`, then each `-f key=value`; a later one wins.
 * Names and types are checked with the workflow, not here. Throws `USAGE`.
 */
export async function readInput(args: InputArgs, host: Host, declared: DeclaredInputs): Promise<JsonObject> {
  const fromFile = args['input-file'] === undefined ? {} : parseObject('--input-file', await readTextFile('--input-file', args['input-file'], host));
  const fromOption = args.input === undefined ? {} : parseObject('--input', args.input);
  return { ...fromFile, ...fromOption, ...(await readFields(args.field, declared)) };
}

async function readFields(fields: readonly string[], declared: DeclaredInputs): Promise<JsonObject> {
  if (fields.length === 0) return {};
  const inputs = await declared();
  const read: [string, JsonValue][] = fields.map((field) => {
    const equals = field.indexOf('=');
    if (equals < 1) throw new AppError('USAGE', { problem: `--field takes KEY=VALUE, not "${field}"` });
    const key = field.slice(0, equals);
    return [key, readField(key, field.slice(equals + 1), Object.hasOwn(inputs, key) ? inputs[key] : undefined)];
  });
  return Object.fromEntries(read);
}

/** What no input declares stays text: the check of the workflow names it, with the nearest known one. */
function readField(key: string, written: string, input: WorkflowInput | undefined): JsonValue {
  switch (input?.type) {
    case 'number': {
      const number = written.trim() === '' ? Number.NaN : Number(written);
      if (!Number.isFinite(number)) throw new AppError('USAGE', { problem: `the input "${key}" is a number, not "${written}"` });
      return number;
    }
    case 'boolean':
      if (written !== 'true' && written !== 'false') throw new AppError('USAGE', { problem: `the input "${key}" is true or false, not "${written}"` });
      return written === 'true';
    case 'json':
      return parseJson(`the input "${key}"`, written);
    case 'string':
    case 'choice':
    case undefined:
      return written;
  }
}
