import type { CommandLookup } from '@kb-labs/ports';

/** What a check depends on of a command, as text: the same text, the same outcome of the check. */
export function shapeOf(lookup: CommandLookup): string {
  return lookup.ok ? JSON.stringify([lookup.command.input, lookup.command.output]) : lookup.code;
}
