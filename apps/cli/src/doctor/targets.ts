import type { Config } from '@kb-labs/daemon';
import { canSandbox, findContainerProgram } from '@kb-labs/plugin-host/lifecycle';

import { type Check, ok, warn } from './check.js';

/** What steps can be kept apart by here, each tried. What is missing is only missed by those who ask for it. */
export async function checkTargets({ execution }: Config, env: Readonly<Record<string, string | undefined>>): Promise<Check[]> {
  const [sandbox, containers] = await Promise.all([canSandbox(), findContainerProgram(execution.container ?? {}, env)]);
  return [
    sandbox.ok ? ok('sandbox', sandbox.program) : warn('sandbox', sandbox.problem, 'plugins that are not trusted run in subprocesses that are not confined; install bubblewrap, or set "execution.min-isolation"'),
    containers.ok ? ok('containers', `${containers.program.kind} (${containers.program.path})`) : warn('containers', containers.problem, 'steps with the target "container" fail here'),
  ];
}
