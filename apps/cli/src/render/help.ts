import type { CommandSpec, OptionSpec, OptionSpecs } from '../command-spec.js';
import { specOf, visibleCommands } from '../command-table.js';
import { GLOBAL_OPTIONS } from '../table/options.js';
import { sanitizeText } from '../terminal/sanitize.js';
import type { Style } from '../terminal/style.js';
import { padTo, textWidth } from '../terminal/text-width.js';

/** The help of one command: use, options, examples. */
export function renderCommandHelp(id: string, spec: CommandSpec, options: { style: Style; columns: number }): string[] {
  const { style, columns } = options;
  const lines = [`${sanitizeText(spec.summary)}.`, ''];
  if (spec.details !== undefined) lines.push(...wrap(sanitizeText(spec.details), columns, ''), '');
  lines.push(style.bold('Usage'), `  ${usageLine(id, spec)}`);
  if (spec.positional !== undefined) lines.push('', style.bold('Arguments'), ...aligned([[spec.positional.name, sanitizeText(spec.positional.describe)]], columns));
  if (Object.keys(spec.options).length > 0) lines.push('', style.bold('Options'), ...optionLines(spec.options, columns));
  lines.push('', style.bold('Everywhere'), ...optionLines(GLOBAL_OPTIONS, columns));
  if (spec.examples.length > 0) lines.push('', style.bold('Examples'), ...spec.examples.map((example) => `  ${sanitizeText(example)}`));
  return lines;
}

export interface OverviewOptions {
  readonly style: Style;
  readonly columns: number;
  /** Only commands of this group. */
  readonly group?: string;
  /** Commands of plugins: id and what it does. */
  readonly plugins: readonly (readonly [string, string])[];
}

/** All commands with a line each. */
export function renderOverview(options: OverviewOptions): string[] {
  const { style, group } = options;
  const own = visibleCommands().filter((id) => group === undefined || id.startsWith(`${group}:`));
  const plugins = options.plugins.filter(([id]) => group === undefined || id.startsWith(`${group}:`));
  const lines = ['Workflows for Node teams: declared in a file, run durably, with nothing to install.', '', style.bold('Usage'), '  kb <command> [options]     kb <command> --help'];
  if (own.length > 0) lines.push('', style.bold('Commands'), ...aligned(own.map((id) => [id, specOf(id).summary] as const), options.columns));
  if (plugins.length > 0) {
    lines.push('', style.bold('Commands of plugins'), ...aligned(plugins.map(([id, summary]) => [id, sanitizeText(summary)] as const), options.columns));
  }
  lines.push('', style.bold('Everywhere'), ...optionLines(GLOBAL_OPTIONS, options.columns));
  return lines;
}

/** `kb id --required=VALUE [options]`. */
export function usageLine(id: string, spec: CommandSpec): string {
  const required = Object.entries(spec.options).filter(([, option]) => option.required === true);
  const parts = required.map(([name, option]) => `--${name}=${option.value ?? 'VALUE'}`);
  if (spec.positional !== undefined) {
    const dots = spec.positional.multiple === true ? '…' : '';
    parts.push(spec.positional.required === true ? `${spec.positional.name}${dots}` : `[${spec.positional.name}${dots}]`);
  }
  if (required.length < Object.keys(spec.options).length) parts.push('[options]');
  return ['kb', id, ...parts].join(' ');
}

function optionLines(options: OptionSpecs, columns: number): string[] {
  return aligned(Object.entries(options).map(([name, option]) => [flagOf(name, option), describeOption(option)] as const), columns);
}

/** `-f, --field=KEY=VALUE`; without a short form, indented as if there were one. */
export function flagOf(name: string, option: OptionSpec): string {
  const value = option.type === 'boolean' ? '' : `=${option.value ?? (option.type === 'string' ? 'TEXT' : 'N')}`;
  return `${option.short === undefined ? '    ' : `-${option.short}, `}--${name}${value}`;
}

/** What an option means, with what it accepts. */
export function describeOption(option: OptionSpec): string {
  const notes = [
    ...(option.choices === undefined ? [] : [`one of ${option.choices.map(sanitizeText).join(', ')}`]),
    ...(option.multiple === true ? ['can be repeated'] : []),
    ...(option.required === true ? ['required'] : []),
  ];
  return sanitizeText(option.describe) + (notes.length === 0 ? '' : ` (${notes.join('; ')})`);
}

/** Two columns; the second wraps under itself. */
function aligned(rows: readonly (readonly [string, string])[], columns: number): string[] {
  const width = Math.min(36, Math.max(...rows.map(([left]) => textWidth(left))));
  return rows.flatMap(([left, right]) => {
    const indent = ' '.repeat(width + 4);
    const [first = '', ...more] = wrap(right, columns, indent);
    if (textWidth(left) > width) return [`  ${left}`, first, ...more];
    return [`  ${padTo(left, width)}  ${first.trimStart()}`, ...more];
  });
}

function wrap(text: string, columns: number, indent: string): string[] {
  const room = Math.max(20, columns - indent.length);
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && textWidth(line) + 1 + textWidth(word) > room) {
      lines.push(indent + line);
      line = word;
    } else {
      line = line === '' ? word : `${line} ${word}`;
    }
  }
  return [...lines, indent + line];
}
