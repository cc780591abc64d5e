import type { Page } from '@kb-labs/contracts';

import type { CommandContext } from '../command-context.js';
import { renderTable } from '../render/table.js';

export interface ShownAs<Item> {
  /** Said when the page is empty. */
  readonly none: string;
  readonly header: readonly string[];
  readonly rowOf: (item: Item) => string[];
}

/** What a command that lists prints: the page as JSON, or a table and how to go on. */
export function printPage<Item>({ terminal, json }: Pick<CommandContext, 'terminal' | 'json'>, page: Page<Item>, { none, header, rowOf }: ShownAs<Item>): void {
  if (json) {
    terminal.printJson(page);
    return;
  }
  if (page.items.length === 0) {
    terminal.note(page.nextCursor === undefined ? none : `${none} so far`);
  } else {
    terminal.print(renderTable(page.items.map(rowOf), { header, columns: terminal.columns(), paintHeader: terminal.style.dim }));
  }
  if (page.nextCursor !== undefined) terminal.note(`more: --cursor=${page.nextCursor}`);
}
