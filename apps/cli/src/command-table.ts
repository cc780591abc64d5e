/**
 * Every command of this program, as data: parsing, help and completion are made from it. What runs a workflow reads the part in
 * `table/workflow.ts` alone, and loads the whole for everything else.
 */
import type { CommandSpec } from './command-spec.js';
import { ACCESS_COMMANDS } from './table/access.js';
import { COORDINATION_COMMANDS } from './table/coordination.js';
import { DAEMON_COMMANDS } from './table/daemon.js';
import { PLUGIN_COMMANDS } from './table/plugin.js';
import { PROGRAM_COMMANDS } from './table/program.js';
import { TRIGGER_COMMANDS } from './table/trigger.js';
import { WORKFLOW_COMMANDS } from './table/workflow.js';

/** In the order of help. */
export const COMMANDS = {
  ...WORKFLOW_COMMANDS,
  ...PLUGIN_COMMANDS,
  ...DAEMON_COMMANDS,
  ...TRIGGER_COMMANDS,
  ...COORDINATION_COMMANDS,
  ...ACCESS_COMMANDS,
  ...PROGRAM_COMMANDS,
} as const satisfies Record<string, CommandSpec>;

export type CommandId = keyof typeof COMMANDS;
export type SpecOf<Id extends CommandId> = (typeof COMMANDS)[Id];

export function isCommandId(id: string): id is CommandId {
  return Object.hasOwn(COMMANDS, id);
}

/** The table without its exact types, for what treats all commands alike. */
export function specOf(id: CommandId): CommandSpec {
  return COMMANDS[id];
}

export function visibleCommands(): CommandId[] {
  return (Object.keys(COMMANDS) as CommandId[]).filter((id) => specOf(id).hidden !== true);
}
