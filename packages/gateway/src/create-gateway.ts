import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

import { toOpenApi } from '@kb-labs/contracts/http';
import type { EngineDeps } from '@kb-labs/engine';
import { AppError, fromUnknown } from '@kb-labs/errors';
import express, { type Express } from 'express';

import type { Access } from './access/access.js';
import { docsPage } from './docs-page.js';
import type { Description } from './handler.js';
import { isLoopback } from './loopback.js';
import type { Metrics } from './metrics.js';
import { sendProblem } from './problem.js';
import { headers, protect } from './protect.js';
import { mountRoutes } from './mount.js';
import { OpenStreams } from './open-streams.js';
import { type Check, readinessOf } from './readiness.js';
import { serveStudio, type StudioFiles } from './serve-studio.js';

export interface GatewayOptions {
  /** 127.0.0.1 when left out. An address that others can reach needs `allowedHosts`. */
  readonly host?: string;
  /** 0 takes any free one. 4000 when left out. */
  readonly port?: number;
  /** What has to work for work to be done, by name. A check fails with an error that says what is wrong. */
  readonly checks: Readonly<Record<string, Check>>;
  readonly metrics: Metrics;
  /** What answers are made with. */
  readonly deps: EngineDeps;
  /** Who may ask for what. */
  readonly access: Access;
  /** Names that are answered besides those of this machine, as `Host` headers have them, without a port. */
  readonly allowedHosts?: readonly string[];
  /** Whether browsers come by TLS: the cookies of their sessions are sent by it alone then. `false` when left out. */
  readonly secure?: boolean;
  /** Of the program, told to those who ask. */
  readonly version?: string;
  /** Left out, there is no Studio. */
  readonly studio?: StudioFiles;
}

export interface Gateway {
  /**
   * What answers, for a service that has a server of its own and hands requests on. Bodies must not have been read, and a path in
   * front of the routes has to be taken off, as `app.use('/kb', handler)` of Express does. Allowed hosts are asked for as ever.
   */
  readonly handler: RequestListener;
  /** Answers its address. Fails with `ADDRESS_IN_USE`. */
  listen(): Promise<string>;
  /** Lets requests end that have begun, for a second at most; what is followed ends at once, to be gone on with elsewhere. */
  close(): Promise<void>;
}

/** A client that sends its request slower than this is not served, in milliseconds. */
const REQUEST_MS = 10_000;
const CLOSE_MS = 1_000;

/**
 * Answers over HTTP. Fails with `CONFIG_INVALID` for an address that others could reach while no name is allowed: whether there are
 * keys to ask for is for `refuseUnsafe` to say.
 */
export function createGateway(options: GatewayOptions): Gateway {
  const { host = '127.0.0.1', port = 4_000, allowedHosts = [] } = options;
  const { clock } = options.deps;
  if (!isLoopback(host) && allowedHosts.length === 0) {
    throw new AppError(
      'CONFIG_INVALID',
      { problem: `the gateway cannot listen on ${host}: no name is allowed that others could reach it by` },
      { hint: 'use 127.0.0.1, ::1 or localhost' },
    );
  }
  const streams = new OpenStreams();
  const app = appOf(options, streams);
  // Not the application itself: another one that it is put into would share settings with it.
  const handler: RequestListener = (request, response) => {
    app(request, response);
  };
  const server = createServer({ requestTimeout: REQUEST_MS, headersTimeout: REQUEST_MS }, handler);
  return {
    handler,
    listen: () => listen(server, host, port),
    close: () => {
      streams.endAll();
      return close(server, clock);
    },
  };
}

/** What answers, apart from the port it listens on. */
export function appOf({ deps: engine, access, metrics, checks, allowedHosts = [], secure = false, version = '0.0.0', studio }: GatewayOptions, streams: OpenStreams): Express {
  const { clock, logger } = engine;
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  app.set('trust proxy', false);
  app.set('query parser', 'simple');
  app.use(headers, protect(logger, allowedHosts));
  mountRoutes(app, { engine, access, secure, metrics, streams, readiness: readinessOf({ checks, clock }), description: describe(version) });
  if (studio !== undefined) app.use(serveStudio(studio));
  app.use((request, response) => {
    sendProblem(response, new AppError('ROUTE_UNKNOWN', { path: request.path }));
  });
  app.use((thrown: unknown, request: express.Request, response: express.Response, _next: express.NextFunction) => {
    if (response.headersSent) {
      logger.error('an answer broke off', { path: request.path, problem: fromUnknown(thrown).message });
      response.destroy();
      return;
    }
    const error = sendProblem(response, thrown);
    if (error.code === 'INTERNAL') logger.error('a request failed', { path: request.path, problem: error.message });
  });
  return app;
}

/** Made when somebody asks for the first time. */
function describe(version: string): () => Description {
  let made: Description | undefined;
  return () => {
    if (made !== undefined) return made;
    const openApi = toOpenApi({ version });
    made = { openApi, page: docsPage(openApi) };
    return made;
  };
}

function listen(server: Server, host: string, port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    server.once('error', (error) => {
      const taken = 'code' in error && error.code === 'EADDRINUSE';
      const problem = `the gateway cannot listen on ${addressOf(host, port)}: ${error.message}`;
      reject(taken ? new AppError('ADDRESS_IN_USE', { address: addressOf(host, port) }, { cause: error }) : new AppError('CONFIG_INVALID', { problem }, { cause: error }));
    });
    server.listen(port, host, () => {
      resolve(`http://${addressOf(host, (server.address() as AddressInfo).port)}`);
    });
  });
}

function addressOf(host: string, port: number): string {
  return `${host.includes(':') ? `[${host}]` : host}:${String(port)}`;
}

function close(server: Server, clock: EngineDeps['clock']): Promise<void> {
  if (!server.listening) return Promise.resolve();
  return new Promise((resolve) => {
    const disarm = clock.after(CLOSE_MS, () => {
      server.closeAllConnections();
    });
    server.close(() => {
      disarm();
      resolve();
    });
    server.closeIdleConnections();
  });
}
