import type { CommandContext } from '../command-context.js';
import { sanitizeText } from '../terminal/sanitize.js';
import { printPage, type ShownAs } from './print-page.js';

interface WirePage<Item> {
  readonly items: readonly Item[];
  readonly next_cursor?: string;
}

type Shown = Pick<CommandContext, 'terminal' | 'json'>;

/** A page as a route of `/v1` answers it: that as JSON, or a table and how to go on. */
export function printWirePage<Item>(context: Shown, page: WirePage<Item>, shownAs: ShownAs<Item>): void {
  if (context.json) context.terminal.printJson(page);
  else printPage(context, { items: [...page.items], ...(page.next_cursor === undefined ? {} : { nextCursor: page.next_cursor }) }, shownAs);
}

/** One thing: as JSON what the route answers, or its parts in lines. Parts that are empty are left out. */
export function printFacts({ terminal, json }: Shown, answer: unknown, facts: readonly (readonly [string, string | readonly string[] | null])[]): void {
  if (json) {
    terminal.printJson(answer);
    return;
  }
  const shown = facts.flatMap(([name, fact]) => {
    const lines = fact === null || fact === '' ? [] : typeof fact === 'string' ? [fact] : fact;
    return lines.map((line, n) => [n === 0 ? name : '', line] as const);
  });
  const width = Math.max(0, ...shown.map(([name]) => name.length));
  terminal.print(shown.map(([name, line]) => `${terminal.style.dim(name.padEnd(width))}  ${sanitizeText(line)}`));
}

/** What a query needs of options: those that were given. */
export function given<Query extends Readonly<Record<string, string | number | undefined>>>(query: Query): { [Key in keyof Query]: Exclude<Query[Key], undefined> } {
  return Object.fromEntries(Object.entries(query).filter(([, value]) => value !== undefined)) as { [Key in keyof Query]: Exclude<Query[Key], undefined> };
}
