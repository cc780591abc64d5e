import { FatalError, type PluginContext } from '@kb-labs/sdk';

export const MANAGERS = ['npm', 'pnpm', 'yarn', 'bun'] as const;
export type ManagerName = (typeof MANAGERS)[number];

export interface Manager {
  readonly name: ManagerName;
  /** Yarn 2 and later. */
  readonly berry: boolean;
  readonly program: string;
  /** A yarn that is a file of the project, relative to the workspace. */
  readonly carried?: string;
}

/** Nobody is there to answer, to look at colours, or to be told about a new version. */
const QUIET = {
  CI: 'true',
  NO_COLOR: '1',
  npm_config_fund: 'false',
  npm_config_audit: 'false',
  npm_config_update_notifier: 'false',
  YARN_ENABLE_TELEMETRY: '0',
  COREPACK_ENABLE_DOWNLOAD_PROMPT: '0',
} as const;

/** Whether to install is decided here, once: pnpm is not to do it again before each script. */
const NO_SECOND_INSTALL = { npm_config_verify_deps_before_run: 'false', pnpm_config_verify_deps_before_run: 'false' } as const;

export interface ManagerCall {
  readonly args: readonly string[];
  /** Relative to the workspace. */
  readonly folder: string;
  readonly onLine: (line: string, stream: 'stdout' | 'stderr') => void;
}

/** Runs the package manager and returns its exit code. What the step's own environment sets stands. */
export async function runManager(ctx: Pick<PluginContext, 'exec' | 'env' | 'workspace'>, manager: Manager, { args, folder, onLine }: ManagerCall): Promise<number> {
  const env: Record<string, string> = { ...QUIET, ...(manager.name === 'pnpm' ? NO_SECOND_INSTALL : {}) };
  for (const name of Object.keys(env)) {
    const own = ctx.env[name];
    if (own !== undefined) env[name] = own;
  }
  const carried = manager.carried === undefined ? [] : [`${ctx.workspace}/${manager.carried}`];
  try {
    const { exitCode } = await ctx.exec(manager.program, [...carried, ...args], { cwd: folder, env, onLine });
    return exitCode;
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'PROGRAM_NOT_FOUND')) throw error;
    throw new FatalError(`the project is built with ${manager.name}, and ${manager.program} is not on this machine`, {
      code: 'MANAGER_NOT_FOUND',
      hint: `install ${manager.program} where the worker runs, or name another one with "manager"`,
      cause: error,
    });
  }
}

/** Installs exactly what the lockfile says, or fails. */
export function installArgs({ name, berry }: Manager): readonly string[] {
  switch (name) {
    case 'npm':
      return ['ci'];
    case 'pnpm':
    case 'bun':
      return ['install', '--frozen-lockfile'];
    case 'yarn':
      return berry ? ['install', '--immutable'] : ['install', '--frozen-lockfile', '--non-interactive'];
  }
}
