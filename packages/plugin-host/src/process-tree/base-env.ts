import { TOKEN_VARIABLE } from './tree-token.js';

/** What a step's programs see of the environment the engine runs in, and nothing else. */
const BASE_NAMES = ['PATH', 'HOME', 'LANG', 'TZ', 'TMPDIR'] as const;

export type HostEnv = Readonly<Record<string, string | undefined>>;

/** The base of a program's environment. An engine that itself runs in a step hands the step's token on. */
export function baseEnv(hostEnv: HostEnv): Record<string, string> {
  const env: Record<string, string> = {};
  for (const name of [...BASE_NAMES, TOKEN_VARIABLE]) {
    const value = hostEnv[name];
    if (value !== undefined) env[name] = value;
  }
  return env;
}
