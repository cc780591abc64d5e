/**
 * The HTTP edge of a daemon, made from the table of routes in contracts: runs and what they wait for, event streams, who may ask for
 * what, health and metrics.
 */
export type { Access } from './access/access.js';
export { createAccess } from './access/create-access.js';
export type { AccessOptions, LoopbackKey } from './access/create-access.js';
export { refuseUnsafe } from './access/refuse-unsafe.js';
export { createGateway } from './create-gateway.js';
export type { Gateway, GatewayOptions } from './create-gateway.js';
export type { StudioFiles } from './serve-studio.js';
export { createMetrics } from './metrics.js';
export type { MetricSources, Metrics } from './metrics.js';
