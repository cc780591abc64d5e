import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

import type { EngineDeps } from '@kb-labs/engine';
import { AppError } from '@kb-labs/errors';
import express, { type Express } from 'express';

import { isLoopback } from './loopback.js';
import type { Metrics } from './metrics.js';
import { sendProblem } from './problem.js';
import { protect } from './protect.js';
import { type Check, readinessOf } from './readiness.js';
import { mount } from './mount.js';
import { routesOf } from './routes.js';

export interface GatewayOptions {
  /** A loopback address or `localhost`. 127.0.0.1 when left out. */
  readonly host?: string;
  /** 0 takes any free one. 4000 when left out. */
  readonly port?: number;
  /** What has to work for work to be done, by name. A check fails with an error that says what is wrong. */
  readonly checks: Readonly<Record<string, Check>>;
  readonly metrics: Metrics;
  readonly clock: EngineDeps['clock'];
  readonly logger: EngineDeps['logger'];
}

export interface Gateway {
  /** Answers its address. Fails with `ADDRESS_IN_USE`. */
  listen(): Promise<string>;
  /** Lets requests end that have begun, for a second at most. */
  close(): Promise<void>;
}

/** A client that sends its request slower than this is not served, in milliseconds. */
const REQUEST_MS = 10_000;
const CLOSE_MS = 1_000;

/** Fails with `CONFIG_INVALID` for an address that others could reach. */
export function createGateway(options: GatewayOptions): Gateway {
  const { host = '127.0.0.1', port = 4_000, clock } = options;
  if (!isLoopback(host)) {
    throw new AppError(
      'CONFIG_INVALID',
      { problem: `the gateway cannot listen on ${host}: it does not ask who is there, so that only this machine may reach it` },
      { hint: 'use 127.0.0.1, ::1 or localhost' },
    );
  }
  const server = createServer({ requestTimeout: REQUEST_MS, headersTimeout: REQUEST_MS }, appOf(options));
  return {
    listen: () => listen(server, host, port),
    close: () => close(server, clock),
  };
}

function appOf(options: GatewayOptions): Express {
  const { logger, metrics } = options;
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  app.set('trust proxy', false);
  app.set('query parser', 'simple');
  app.use(protect(logger));
  mount(app, routesOf({ readiness: readinessOf(options), metrics }));
  app.use((request, response) => {
    sendProblem(response, new AppError('ROUTE_UNKNOWN', { path: request.path }));
  });
  app.use((thrown: unknown, request: express.Request, response: express.Response, next: express.NextFunction) => {
    if (response.headersSent) return next(thrown);
    const error = sendProblem(response, thrown);
    if (error.code === 'INTERNAL') logger.error('a request failed', { path: request.path, problem: error.message });
  });
  return app;
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
