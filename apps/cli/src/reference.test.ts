import { readFileSync } from 'node:fs';

import { EXIT_CODES } from '@kb-labs/errors';
import { describe, expect, it } from 'vitest';

import type { OptionSpecs } from './command-spec.js';
import { specOf, visibleCommands } from './command-table.js';
import { describeOption, flagOf, usageLine } from './render/help.js';
import { GLOBAL_OPTIONS } from './table/options.js';

const MEANINGS: Readonly<Record<keyof typeof EXIT_CODES, string>> = {
  ok: 'ok',
  failed: 'the run failed, or a check did',
  badInput: 'bad input: a command line, a document, a setting or inputs that are not accepted',
  unreachable: 'the state or the gateway cannot be reached, or no daemon runs',
  notAllowed: 'not allowed',
  notFound: 'not found',
  conflict: 'conflict: the run has ended, nothing waits for this answer, the port is in use, or the idempotency key was used for something else',
  tryLater: 'try again later',
  interrupted: 'interrupted',
};

describe('the reference of the command line', () => {
  it('is what docs/reference/cli.md says', async () => {
    const template = readFileSync(new URL('./reference.template.md', import.meta.url), 'utf8');
    const page = template.replace('{{commands}}', commands().join('\n')).replace('{{exit-codes}}', exitCodes().join('\n')).replace('{{asked}}', namesOf('asked')).replace('{{none}}', namesOf('none'));
    expect(page).not.toContain('{{');
    await expect(page).toMatchFileSnapshot('../../../docs/reference/cli.md');
  });
});

/** The commands to which `KB_URL` means this. */
function namesOf(meaning: 'asked' | 'none'): string {
  return visibleCommands().flatMap((id) => (specOf(id).gateway === meaning ? [`\`${id}\``] : [])).join(', ');
}

function commands(): string[] {
  const overview = visibleCommands().map((id) => `| [\`${id}\`](#kb-${anchorOf(id)}) | ${cell(specOf(id).summary)} |`);
  return [
    '| command | |',
    '|---|---|',
    ...overview,
    '',
    'Accepted by every command:',
    '',
    ...optionTable(GLOBAL_OPTIONS),
    ...visibleCommands().flatMap(commandSection),
  ];
}

function commandSection(id: ReturnType<typeof visibleCommands>[number]): string[] {
  const spec = specOf(id);
  const { details, examples, options, positional } = spec;
  return [
    '',
    `## kb ${id}`,
    '',
    `${spec.summary}.${details === undefined ? '' : ` ${details}`}`,
    '',
    '```sh',
    usageLine(id, spec),
    '```',
    ...(positional === undefined ? [] : ['', `\`${positional.name}\`: ${positional.describe}${positional.choices === undefined ? '' : `: ${positional.choices.join(', ')}`}.`]),
    ...(Object.keys(options).length === 0 ? [] : ['', ...optionTable(options)]),
    '',
    examples.length === 1 ? 'Example:' : 'Examples:',
    '',
    '```sh',
    ...examples,
    '```',
  ];
}

function optionTable(options: OptionSpecs): string[] {
  return ['| option | |', '|---|---|', ...Object.entries(options).map(([name, option]) => `| \`${flagOf(name, option).trim()}\` | ${cell(describeOption(option))} |`)];
}

function exitCodes(): string[] {
  const names = Object.keys(EXIT_CODES) as (keyof typeof EXIT_CODES)[];
  return ['| code | |', '|---|---|', ...names.map((name) => `| ${String(EXIT_CODES[name])} | ${MEANINGS[name]} |`)];
}

/** As GitHub makes it from a heading. */
function anchorOf(id: string): string {
  return id.replaceAll(':', '');
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|');
}
