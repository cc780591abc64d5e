/**
 * The table of everything that is answered over HTTP: who may ask, what a request and its answers look like. The gateway, its
 * descriptions and the client are made from it.
 */
export { ENDPOINTS } from './endpoints.js';
export type { Endpoint } from './endpoints.js';
export type { LogLineView, RunEventView } from './follow-schemas.js';
export { toOpenApi } from './open-api.js';
export { keysOf, readPart } from './read-part.js';
export type { PartProblem, ReadPart } from './read-part.js';
export type { RouteAccess, RouteAnswer, RouteSpec } from './route-spec.js';
export type {
  BinaryName,
  BodyOf,
  CallerName,
  JsonAnswerOf,
  JsonName,
  ParamsOf,
  QueryOf,
  StreamedBy,
  StreamName,
  TextName,
} from './route-types.js';
export { ROUTE_NAMES, ROUTES } from './routes.js';
export type { RouteName } from './routes.js';
