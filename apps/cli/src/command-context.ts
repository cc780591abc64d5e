import type { Composition, Config, OfflineComposition } from '@kb-labs/daemon';
import type { ExitCode } from '@kb-labs/errors';

import type { ArgsOf } from './command-spec.js';
import type { CommandId, SpecOf } from './command-table.js';
import type { AccessDesk } from './desk/access-desk.js';
import type { Library } from './desk/library.js';
import type { RouteDesk } from './desk/route-desk.js';
import type { RunDesk } from './desk/run-desk.js';
import type { Terminal } from './terminal/terminal.js';

/** What a command works with. Each part is made when it is asked for: most commands need little of it. */
export interface CommandContext {
  readonly terminal: Terminal;
  readonly json: boolean;
  /** Fails with `PROJECT_NOT_FOUND` or `CONFIG_INVALID`. */
  config(): Promise<Config>;
  /** What reads documents and plugins. Never touches the state. */
  offline(): Promise<OfflineComposition>;
  /** The engine on the state of the project, closed when the command has ended. */
  engine(): Promise<Composition>;
  /** The address of the gateway that is asked in place of the state of a project; absent without one. */
  readonly gateway?: string;
  /** Runs, documents and keys: of the project, or of the gateway. */
  desk(): Promise<RunDesk>;
  library(): Promise<Library>;
  access(): Promise<AccessDesk>;
  /** Playbooks, flows and sessions. */
  routes(): Promise<RouteDesk>;
}

/** Nothing stands for success. */
export type CommandHandler<Id extends CommandId> = (context: CommandContext, args: ArgsOf<SpecOf<Id>>) => Promise<ExitCode | undefined>;

export type Handlers = { readonly [Id in CommandId]: CommandHandler<Id> };
