import { AppError, suggestName } from '@kb-labs/errors';

import type { OptionSpec, OptionSpecs, PositionalSpec } from './command-spec.js';

export type OptionValue = boolean | number | string | readonly (number | string | boolean)[] | undefined;

export interface ParsedArgs {
  /** Every option of the specification has an entry: `false`, `[]` or `undefined` when it was not given. */
  readonly options: Readonly<Record<string, OptionValue>>;
  /** The options that were really given. */
  readonly given: ReadonlySet<string>;
  readonly rest: readonly string[];
}

/**
 * Reads `--name value`, `--name=value`, `--name=` (an empty value), `-x value`, `-xvalue`, `--flag`, `--flag=false`
 * and `--` (only arguments after it). Everything else is an argument.
 * Throws `USAGE` for what is unknown (naming the nearest), doubled, missing or of the wrong kind.
 */
export function parseArgs(tokens: readonly string[], specs: OptionSpecs, positional?: PositionalSpec): ParsedArgs {
  const given = new Map<string, (string | true)[]>();
  const rest: string[] = [];
  for (let index = 0; index < tokens.length; index += 1) {
    const token = tokens[index] ?? '';
    if (token === '--') {
      rest.push(...tokens.slice(index + 1));
      break;
    }
    if (!token.startsWith('-') || token === '-') {
      rest.push(token);
      continue;
    }
    const { name, spec, inline } = readFlag(token, specs);
    let value: string | true = inline ?? true;
    if (spec.type !== 'boolean' && inline === undefined) {
      const next = tokens[index + 1];
      if (next === undefined) throw new AppError('USAGE', { problem: `--${name} needs a value` });
      value = next;
      index += 1;
    }
    given.set(name, [...(given.get(name) ?? []), value]);
  }
  checkRest(rest, positional);
  const options: [string, OptionValue][] = Object.entries(specs).map(([name, spec]) => [name, toValue(name, spec, given.get(name) ?? [])]);
  return { options: Object.fromEntries(options), given: new Set(given.keys()), rest };
}

interface Flag {
  readonly name: string;
  readonly spec: OptionSpec;
  readonly inline: string | undefined;
}

function readFlag(token: string, specs: OptionSpecs): Flag {
  if (!token.startsWith('--')) return readShortFlag(token, specs);
  const equals = token.indexOf('=');
  const name = equals === -1 ? token.slice(2) : token.slice(2, equals);
  const inline = equals === -1 ? undefined : token.slice(equals + 1);
  const spec = Object.hasOwn(specs, name) ? specs[name] : undefined;
  if (spec === undefined) throw unknownFlag(`--${name}`, specs);
  return { name, spec, inline };
}

function readShortFlag(token: string, specs: OptionSpecs): Flag {
  const short = token.charAt(1);
  const entry = Object.entries(specs).find(([, spec]) => spec.short === short);
  if (entry === undefined) throw unknownFlag(token, specs);
  const [name, spec] = entry;
  if (token.length === 2) return { name, spec, inline: undefined };
  if (spec.type === 'boolean') throw unknownFlag(token, specs);
  return { name, spec, inline: token.slice(2).replace(/^=/, '') };
}

function unknownFlag(written: string, specs: OptionSpecs): AppError {
  const hint = suggestName(written, Object.keys(specs).map((name) => `--${name}`));
  return new AppError('USAGE', { problem: `unknown option "${written}"` }, hint === undefined ? {} : { hint });
}

function checkRest(rest: readonly string[], positional: PositionalSpec | undefined): void {
  const surplus = rest[positional === undefined ? 0 : positional.multiple === true ? rest.length : 1];
  if (surplus !== undefined) throw new AppError('USAGE', { problem: `unexpected argument "${surplus}"` });
  if (positional?.required === true && rest.length === 0) throw new AppError('USAGE', { problem: `${positional.name} is missing` });
  if (positional?.choices !== undefined) for (const value of rest) checkChoice(positional.name, value, positional.choices);
}

function toValue(name: string, spec: OptionSpec, given: readonly (string | true)[]): OptionValue {
  const values = given.map((value) => convert(name, spec, value));
  if (spec.multiple === true) return values;
  if (values.length > 1) throw new AppError('USAGE', { problem: `--${name} is given twice` });
  if (values[0] === undefined && spec.required === true) throw new AppError('USAGE', { problem: `--${name} is missing` });
  return values[0] ?? (spec.type === 'boolean' ? false : undefined);
}

function convert(name: string, spec: OptionSpec, value: string | true): string | number | boolean {
  if (spec.type === 'boolean') return toBoolean(name, value);
  const text = String(value);
  if (spec.choices !== undefined) checkChoice(`--${name}`, text, spec.choices);
  if (spec.type === 'string') return text;
  const number = text.trim() === '' ? Number.NaN : Number(text);
  if (spec.type === 'integer' ? !Number.isSafeInteger(number) : !Number.isFinite(number)) {
    const wanted = spec.type === 'integer' ? 'a whole number' : 'a number';
    throw new AppError('USAGE', { problem: `--${name} takes ${wanted}, not "${text}"` });
  }
  return number;
}

function toBoolean(name: string, value: string | true): boolean {
  if (value === true || value === 'true') return true;
  if (value === 'false') return false;
  throw new AppError('USAGE', { problem: `--${name} takes no value but true or false, not "${value}"` });
}

function checkChoice(what: string, value: string, choices: readonly string[]): void {
  if (choices.includes(value)) return;
  const hint = suggestName(value, choices);
  throw new AppError('USAGE', { problem: `${what} cannot be "${value}"` }, hint === undefined ? {} : { hint });
}
