/**
 * A client of the gateway, typed by the same table of routes that the gateway is made from. It runs in Node and in browsers.
 */
export { createClient } from './create-client.js';
export type { Client, ClientOptions } from './create-client.js';
export type { FollowedEvent, FollowOptions, Pause } from './follow.js';
export type { RequestTo } from './request-to.js';
