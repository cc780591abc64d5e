import type { Page } from '@kb-labs/contracts';

/** A page as the routes of `/v1` answer it. */
export function toWirePage<Item>({ items, nextCursor }: Page<Item>): { readonly items: readonly Item[]; readonly next_cursor?: string } {
  return { items, ...(nextCursor === undefined ? {} : { next_cursor: nextCursor }) };
}
