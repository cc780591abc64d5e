import { isJsonObject, type JsonObject, type JsonValue, type PluginCommand } from '@kb-labs/contracts';
import { AppError } from '@kb-labs/errors';

import type { CommandSpec, OptionSpec } from '../command-spec.js';
import type { OptionValue, ParsedArgs } from '../parse-args.js';
import { GLOBAL_OPTIONS } from '../table/options.js';

/** Options that every plugin command has. A property of the same name can be given through `--input`. */
const OWN_OPTIONS = {
  input: { type: 'string', value: 'JSON', describe: 'The whole input as a JSON object; options win over it' },
  artifacts: { type: 'string', value: 'DIR', complete: 'folder', describe: 'Write the artifacts of the command into this folder' },
} as const satisfies Record<string, OptionSpec>;

export interface SchemaSpec {
  readonly spec: CommandSpec;
  /** The input that parsed options stand for. Throws `USAGE`. */
  toInput(parsed: ParsedArgs): JsonObject;
}

interface Flag {
  readonly name: string;
  readonly property: string;
  readonly option: OptionSpec;
  /** Whether the text is JSON, or `loose`: JSON if it can be read as such, else text. */
  readonly json: boolean | 'loose';
}

/** The command line of a plugin command, made from the JSON Schema of its input: `contextLines` is `--context-lines`. */
export function specOfSchema(command: PluginCommand): SchemaSpec {
  const flags = flagsOf(command.input);
  const own = Object.fromEntries(flags.map((flag) => [flag.name, flag.option]));
  const spec: CommandSpec = {
    summary: command.describe.replace(/\.$/, ''),
    options: { ...own, ...OWN_OPTIONS },
    examples: (command.examples ?? []).map((example) => (example.startsWith('kb ') ? example : `kb ${example}`)),
  };
  return {
    spec,
    toInput: ({ options, given }) => {
      const whole = typeof options['input'] === 'string' ? parseWhole(options['input']) : {};
      const single = flags.flatMap((flag): [string, JsonValue][] => {
        const value = options[flag.name];
        return value === undefined || !given.has(flag.name) ? [] : [[flag.property, toValue(flag, value)]];
      });
      return { ...whole, ...Object.fromEntries(single) };
    },
  };
}

function flagsOf(schema: JsonObject): Flag[] {
  const properties = isJsonObject(schema['properties']) ? schema['properties'] : {};
  const required = Array.isArray(schema['required']) ? schema['required'] : [];
  return Object.entries(properties).flatMap(([property, definition]) => {
    const name = property.replace(/([a-z0-9])([A-Z])/g, '$1-$2').replaceAll('_', '-').toLowerCase();
    if (!isJsonObject(definition) || Object.hasOwn(OWN_OPTIONS, name) || Object.hasOwn(GLOBAL_OPTIONS, name)) return [];
    return [flagOf(name, property, definition, required.includes(property))];
  });
}

function flagOf(name: string, property: string, definition: JsonObject, required: boolean): Flag {
  const list = definition['type'] === 'array' && isJsonObject(definition['items']) ? definition['items'] : undefined;
  const kind = kindOf(list ?? definition);
  const choices = choicesOf(list ?? definition);
  const notes = [...(required ? ['required'] : []), ...(definition['default'] === undefined ? [] : [`default ${JSON.stringify(definition['default'])}`])];
  const about = typeof definition['description'] === 'string' ? definition['description'] : property;
  return {
    name,
    property,
    json: kind.json,
    option: {
      type: kind.type,
      describe: notes.length === 0 ? about : `${about} (${notes.join('; ')})`,
      ...(list === undefined ? {} : { multiple: true as const }),
      ...(choices === undefined ? {} : { choices }),
      ...(kind.json === true ? { value: 'JSON' } : {}),
    },
  };
}

function kindOf(definition: JsonObject): { type: OptionSpec['type']; json: Flag['json'] } {
  switch (definition['type']) {
    case 'boolean':
      return { type: 'boolean', json: false };
    case 'integer':
      return { type: 'integer', json: false };
    case 'number':
      return { type: 'number', json: false };
    case 'string':
      return { type: 'string', json: false };
    case 'object':
    case 'array':
      return { type: 'string', json: true };
    default:
      return { type: 'string', json: choicesOf(definition) === undefined ? 'loose' : false };
  }
}

function choicesOf(definition: JsonObject): readonly string[] | undefined {
  const values = definition['enum'];
  if (!Array.isArray(values)) return undefined;
  const texts = values.filter((value) => typeof value === 'string');
  return texts.length === values.length ? texts : undefined;
}

function toValue(flag: Flag, value: Exclude<OptionValue, undefined>): JsonValue {
  if (typeof value === 'object') return value.map((one) => toScalar(flag, one));
  return toScalar(flag, value);
}

function toScalar(flag: Flag, value: string | number | boolean): JsonValue {
  if (flag.json === false || typeof value !== 'string') return value;
  try {
    return JSON.parse(value) as JsonValue;
  } catch {
    if (flag.json === 'loose') return value;
    throw new AppError('USAGE', { problem: `--${flag.name} takes JSON, not "${value}"` });
  }
}

function parseWhole(written: string): JsonObject {
  let value: unknown;
  try {
    value = JSON.parse(written);
  } catch (error) {
    throw new AppError('USAGE', { problem: `--input is not JSON: ${error instanceof Error ? error.message : String(error)}` });
  }
  if (!isJsonObject(value)) throw new AppError('USAGE', { problem: '--input takes a JSON object' });
  return value;
}
