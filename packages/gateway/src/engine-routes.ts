/**
 * Playbooks, flows and sessions answered without a server: the rows of the table of routes that need nothing but the engine, for who has the
 * state at hand. What is answered is what the gateway answers.
 */
export { answerRoute, followRoute, isEngineRoute, isFollowedRoute } from './answer-route.js';
export type { EngineRouteName, RouteRequest } from './answer-route.js';
