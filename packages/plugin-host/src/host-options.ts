import type { Logger } from '@kb-labs/ports';

import type { StepServices } from './context/step-services.js';
import type { HostEnv } from './process-tree/base-env.js';
import type { ExecutionSettings } from './targets/settings.js';

export interface PluginHostOptions {
  /** Folders of the plugin packages that ship with the engine. */
  readonly firstParty: readonly string[];
  /** The project and the folders of its own plugins, absolute or relative to it. */
  readonly project: { readonly root: string; readonly plugins: readonly string[] };
  /** The environment that steps may be given a part of. */
  readonly hostEnv: HostEnv;
  readonly logger: Logger;
  /** What handlers get by the permission `services`; what is left out is not there. */
  readonly services?: StepServices;
  /** Where steps run. Left out: scripts in subprocesses, trusted plugins in this process, others in a sandbox where there is one. */
  readonly execution?: ExecutionSettings;
  /** From TERM to KILL of a step that is aborted, and what a handler gets to end. 1 s for scripts and 2 s for handlers when left out. */
  readonly killGraceMs?: number;
}
