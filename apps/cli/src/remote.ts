/** Runs at a gateway: a program of its own, for it brings a client along that commands on a project do without. */
export { openGateway } from './remote/open-gateway.js';
