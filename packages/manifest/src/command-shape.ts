import type { JsonObject, PluginUses, WorkflowUses } from '@kb-labs/contracts';

/** What a plugin command or a workflow takes and gives: two JSON Schemas. */
export interface CommandShape {
  readonly input: JsonObject;
  readonly output: JsonObject;
}

/** Finds the shape of what a step uses. `undefined` when it is not known: nothing about it is checked then. */
export type ShapeLookup = (uses: PluginUses | WorkflowUses) => CommandShape | undefined;
