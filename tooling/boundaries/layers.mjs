/**
 * The one table of what may import what. The rules of the cruise, the check of
 * every package.json and the lint rules of pure packages are made from it.
 *
 * @typedef {object} Layer
 * @property {readonly string[]} mayImport packages of ours, by short name or row; `*` is everything in packages
 * @property {readonly string[]} [testsMayImport] further ones, in `*.test.ts` only; `testkit` always
 * @property {boolean} [pure] no clock, environment, IO or randomness
 * @property {readonly string[]} [core] Node core modules a pure package may use
 */

const EVERY_PACKAGE = ['*'];

/** @type {Readonly<Record<string, Layer>>} */
export const LAYERS = {
  contracts: { mayImport: [], pure: true },
  errors: { mayImport: ['contracts'], pure: true },

  digest: { mayImport: ['contracts'], pure: true, core: ['crypto'] },
  expressions: { mayImport: ['contracts', 'errors'], pure: true },
  triggers: { mayImport: ['contracts', 'errors', 'expressions'], pure: true },
  manifest: { mayImport: ['contracts', 'errors', 'digest', 'expressions', 'triggers'], pure: true },
  resolver: { mayImport: ['contracts', 'errors', 'expressions'], pure: true },
  projector: { mayImport: ['contracts', 'errors'], pure: true },

  ports: { mayImport: ['contracts'] },

  engine: {
    mayImport: ['contracts', 'errors', 'manifest', 'resolver', 'projector', 'expressions', 'digest', 'triggers', 'ports'],
    testsMayImport: ['blobs', 'store-embedded'],
  },

  'store-redis': { mayImport: ['contracts', 'errors', 'ports'] },
  'store-embedded': { mayImport: ['contracts', 'errors', 'ports'] },
  runner: { mayImport: ['contracts', 'errors', 'ports'], testsMayImport: ['store-redis'] },
  blobs: { mayImport: ['contracts', 'errors', 'ports'] },
  llm: { mayImport: ['contracts', 'errors', 'ports'] },
  'plugin-host': { mayImport: ['contracts', 'errors', 'digest', 'ports'] },

  gateway: {
    mayImport: ['contracts', 'errors', 'engine', 'projector'],
    testsMayImport: ['blobs', 'client', 'plugin-host', 'store-embedded'],
  },
  client: { mayImport: ['contracts', 'errors'] },
  sdk: { mayImport: ['contracts', 'errors'] },
  testkit: { mayImport: ['contracts', 'ports'] },

  'plugins/*': { mayImport: ['sdk'], testsMayImport: ['llm'] },
  // Apps compose, and ship the plugins of this repository.
  studio: { mayImport: ['contracts', 'errors', 'client'] },
  daemon: { mayImport: [...EVERY_PACKAGE, 'plugins/*', 'studio'] },
  cli: { mayImport: [...EVERY_PACKAGE, 'plugins/*', 'daemon', 'studio'] },

  scenarios: { mayImport: EVERY_PACKAGE },
};

/**
 * Third-party modules with one home: everyone else goes through what that home exports.
 *
 * @type {Readonly<Record<string, readonly string[]>>}
 */
export const VENDOR_HOMES = {
  bullmq: ['runner'],
  ioredis: ['runner', 'store-redis', 'blobs'],
  '@aws-sdk': ['blobs'],
  express: ['gateway'],
  helmet: ['gateway'],
  'prom-client': ['gateway'],
  pino: ['daemon'],
  openai: ['llm'],
  '@anthropic-ai/sdk': ['llm'],
  yaml: ['manifest'],
  croner: ['triggers'],
  'node:sqlite': ['store-embedded'],
};

/** Where tests are the product: these may import a test framework in their sources. */
export const TEST_PACKAGES = ['testkit'];
