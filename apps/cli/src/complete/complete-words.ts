import type { PluginCommand } from '@kb-labs/contracts';

import type { CommandSpec, Completion, OptionSpec, OptionSpecs } from '../command-spec.js';
import { isCommandId, specOf, visibleCommands } from '../command-table.js';
import { specOfSchema } from '../plugin/spec-of-schema.js';
import { route } from '../route.js';
import { GLOBAL_OPTIONS } from '../table/options.js';

export interface Candidate {
  readonly value: string;
  readonly about: string;
}

/** What only the project knows. Asked for when it is needed. */
export interface Values {
  workflows(): Promise<Candidate[]>;
  runs(): Promise<Candidate[]>;
  pluginCommands(): Promise<readonly PluginCommand[]>;
}

/** Tell the shell to complete paths itself. */
const FILES: Candidate = { value: ':files', about: '' };
const FOLDERS: Candidate = { value: ':folders', about: '' };

/** What could stand in place of the last word, which may be empty. */
export async function completeWords(words: readonly string[], values: Values): Promise<Candidate[]> {
  const typed = words.at(-1) ?? '';
  const before = words.slice(0, -1);
  const candidates = await candidatesFor(typed, before, values);
  return candidates.filter((one) => one === FILES || one === FOLDERS || one.value.startsWith(typed));
}

async function candidatesFor(typed: string, before: readonly string[], values: Values): Promise<Candidate[]> {
  if (before.includes('--')) return [];
  const routed = route(before, visibleCommands());
  if (routed.kind === 'overview' || routed.kind === 'unknown') {
    return typed.startsWith('-') ? flagsOf(GLOBAL_OPTIONS) : afterGroup(routed, await commands(values));
  }
  const spec = await findSpec(routed.id, values);
  if (spec === undefined) return [];
  const options: OptionSpecs = { ...spec.options, ...GLOBAL_OPTIONS };
  const equals = typed.indexOf('=');
  if (typed.startsWith('--') && equals !== -1) {
    const flag = typed.slice(0, equals);
    const found = await valuesFor(options[flag.slice(2)], values);
    return found.map((one) => (one === FILES || one === FOLDERS ? one : { ...one, value: `${flag}=${one.value}` }));
  }
  const waiting = optionAwaitingValue(before.at(-1), options);
  if (waiting !== undefined) return valuesFor(waiting, values);
  if (typed.startsWith('-')) return flagsOf(options);
  if (spec.positional !== undefined) return valuesOf(spec.positional.complete, values);
  return flagsOf(options);
}

async function commands(values: Values): Promise<Candidate[]> {
  const own = visibleCommands().map((id) => ({ value: id, about: specOf(id).summary }));
  const plugins = (await values.pluginCommands()).map(({ id, describe }) => ({ value: id, about: describe }));
  return [...own, ...plugins];
}

/** `kb workflow <tab>` offers what follows the group. */
function afterGroup(routed: { readonly kind: string; readonly group?: string; readonly name?: string }, all: readonly Candidate[]): Candidate[] {
  const group = routed.group ?? routed.name;
  if (group === undefined) return [...all];
  const prefix = `${group}:`;
  return all.filter(({ value }) => value.startsWith(prefix)).map((one) => ({ ...one, value: one.value.slice(prefix.length) }));
}

async function findSpec(id: string, values: Values): Promise<CommandSpec | undefined> {
  if (isCommandId(id)) return specOf(id);
  const command = (await values.pluginCommands()).find((one) => one.id === id);
  return command === undefined ? undefined : specOfSchema(command).spec;
}

function flagsOf(options: OptionSpecs): Candidate[] {
  return Object.entries(options).map(([name, option]) => ({ value: `--${name}${option.type === 'boolean' ? '' : '='}`, about: option.describe }));
}

function optionAwaitingValue(token: string | undefined, options: OptionSpecs): OptionSpec | undefined {
  if (token === undefined || token.includes('=')) return undefined;
  const name = token.startsWith('--') ? token.slice(2) : Object.keys(options).find((key) => `-${options[key]?.short ?? ''}` === token);
  const option = name === undefined ? undefined : options[name];
  return option === undefined || option.type === 'boolean' ? undefined : option;
}

async function valuesFor(option: OptionSpec | undefined, values: Values): Promise<Candidate[]> {
  if (option?.choices !== undefined) return option.choices.map((value) => ({ value, about: '' }));
  if (option?.type === 'boolean') return ['true', 'false'].map((value) => ({ value, about: '' }));
  return valuesOf(option?.complete, values);
}

async function valuesOf(completion: Completion | undefined, values: Values): Promise<Candidate[]> {
  if (completion === undefined) return [];
  if (typeof completion !== 'string') return completion.map((value) => ({ value, about: '' }));
  switch (completion) {
    case 'workflow':
      return values.workflows();
    case 'run':
      return values.runs();
    case 'command':
      return commands(values);
    case 'file':
      return [FILES];
    case 'folder':
      return [FOLDERS];
  }
}
