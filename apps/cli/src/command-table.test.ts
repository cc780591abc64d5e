import { describe, expect, it } from 'vitest';

import { COMMANDS, specOf, visibleCommands } from './command-table.js';
import { COMMAND_IDS, loadSpec } from './load-command.js';
import { parseArgs } from './parse-args.js';
import { renderCommandHelp, renderOverview } from './render/help.js';
import { route } from './route.js';
import { GLOBAL_OPTIONS } from './table/options.js';
import { createStyle } from './terminal/style.js';

const plain = createStyle(false);

describe('the table of commands', () => {
  it.each(visibleCommands().flatMap((id) => specOf(id).examples.map((example) => [id, example] as const)))('%s: %s can be typed', (id, example) => {
    const words = (/^(?:source <\()?kb (.*?)(?: >.*|\))?$/.exec(example)?.[1] ?? '').match(/'[^']*'|[^\s']+(?:'[^']*')?/g) ?? [];
    const routed = route(words.map((word) => word.replaceAll("'", '')), COMMAND_IDS);
    expect(routed).toMatchObject({ kind: 'command', id });
    const spec = specOf(id);
    expect(() => parseArgs(routed.tokens, { ...spec.options, ...GLOBAL_OPTIONS }, spec.positional)).not.toThrow();
  });

  it('has the rows that the program starts with, and the order of help', async () => {
    expect([...COMMAND_IDS].sort()).toEqual(Object.keys(COMMANDS).sort());
    for (const id of COMMAND_IDS) expect(await loadSpec(id)).toBe(COMMANDS[id]);
  });

  it('gives no option the name of a global one', () => {
    for (const spec of Object.values(COMMANDS)) expect(Object.keys(spec.options).filter((name) => Object.hasOwn(GLOBAL_OPTIONS, name))).toEqual([]);
  });

  it('gives every visible command an example', () => {
    expect(visibleCommands().filter((id) => specOf(id).examples.length === 0)).toEqual([]);
  });
});

describe('help', () => {
  it('reads as it did', async () => {
    const text = [
      ...renderOverview({ style: plain, columns: 100, plugins: [['git:diff', 'Shows changes']] }),
      ...visibleCommands().flatMap((id) => ['', `=== ${id}`, ...renderCommandHelp(id, specOf(id), { style: plain, columns: 100 })]),
      '',
    ].join('\n');
    await expect(text).toMatchFileSnapshot('./help.golden.txt');
  });

  it('fits the terminal', () => {
    const lines = visibleCommands().flatMap((id) => renderCommandHelp(id, specOf(id), { style: plain, columns: 60 }));
    const long = lines.filter((line) => line.length > 60 && !line.includes('kb '));
    expect(long).toEqual([]);
  });
});
