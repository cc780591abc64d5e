import type { Composition, Config } from '@kb-labs/daemon';

import type { CommandContext } from './command-context.js';
import { directDesk } from './desk/direct-desk.js';
import { directLibrary } from './desk/direct-library.js';
import { type GatewayPlace, gatewayPlace } from './desk/gateway-place.js';
import { findProject } from './project/find-project.js';
import type { OpenGateway } from './remote/open-gateway.js';
import type { Terminal } from './terminal/terminal.js';

export interface ContextOptions {
  readonly json: boolean;
  /** `--project`. */
  readonly project: string | undefined;
  /** Where to work when there is no project: a command of a plugin can do without. */
  readonly fallback?: string;
}

export interface OpenContext extends CommandContext {
  close(): Promise<void>;
}

/** The context of one command line. What it opened is closed by `close`. */
/** Set when the program is bundled. */
declare const KB_BUILD: string;

export function openContext(terminal: Terminal, options: ContextOptions): OpenContext {
  const { env, cwd } = terminal.host;
  let config: Promise<Config> | undefined;
  let engine: Promise<Composition> | undefined;
  const readConfig = async (): Promise<Config> => {
    const projectRoot = rootOf({ option: options.project, env, cwd }, options.fallback);
    const { loadConfig } = await import('@kb-labs/daemon');
    return loadConfig({ projectRoot, env });
  };
  const place = gatewayPlace(env, options.project);
  let gateway: Promise<OpenGateway> | undefined;
  const hosts: { close(): Promise<void> }[] = [];
  const write = (line: string): void => void terminal.host.stderr.write(line);
  const context: OpenContext = {
    terminal,
    json: options.json,
    config: () => (config ??= readConfig()),
    offline: async () => {
      const { composeOffline } = await import('@kb-labs/daemon');
      const offline = composeOffline(await context.config(), { env, writeLog: write });
      hosts.push(offline.deps.plugins);
      return offline;
    },
    engine: () => (engine ??= openEngine()),
    ...(place === undefined
      ? {
          desk: async () => directDesk(await context.engine()),
          library: async () => directLibrary(await context.offline()),
          access: async () => (await import('./control.js')).directAccess(await context.engine()),
          routes: async () => (await import('./coordination.js')).directRoutes(await context.engine(), (text) => {
            terminal.note(text);
          }),
        }
      : {
          gateway: place.url,
          desk: async () => (await openPlace(place)).desk,
          library: async () => (await openPlace(place)).library,
          access: async () => (await openPlace(place)).access,
          routes: async () => (await openPlace(place)).routes,
        }),
    close: async () => {
      const opened = await engine?.catch(() => undefined);
      await opened?.close();
      await Promise.all(hosts.map((host) => host.close()));
    },
  };
  const openPlace = (at: GatewayPlace): Promise<OpenGateway> => (gateway ??= import('./remote.js').then(({ openGateway }) => openGateway(at, cwd)));
  const openEngine = async (): Promise<Composition> => {
    const { composeEngine } = await import('@kb-labs/daemon');
    return composeEngine(await context.config(), { env, writeLog: write, build: KB_BUILD });
  };
  return context;
}

function rootOf(place: Parameters<typeof findProject>[0], fallback: string | undefined): string {
  if (fallback === undefined) return findProject(place);
  try {
    return findProject(place);
  } catch (error) {
    if (place.option !== undefined) throw error;
    return fallback;
  }
}
