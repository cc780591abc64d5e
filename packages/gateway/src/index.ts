/**
 * The HTTP port of a daemon: whether it is alive, whether it can work, and its metrics. It answers on loopback addresses
 * only, because nothing here asks who is there.
 */
export { createGateway } from './create-gateway.js';
export type { Gateway, GatewayOptions } from './create-gateway.js';
export { createMetrics } from './metrics.js';
export type { MetricSources, Metrics } from './metrics.js';
