import type { JsonObject, PluginUses } from '@kb-labs/contracts';

/** What a plugin command takes and gives: its two JSON Schemas. */
export interface CommandShape {
  readonly input: JsonObject;
  readonly output: JsonObject;
}

/** Finds the shape of a command. `undefined` when it is not known: nothing about it is checked then. */
export type ShapeLookup = (uses: PluginUses) => CommandShape | undefined;
