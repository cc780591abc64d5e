import { isAbsolute } from 'node:path';

import { durationSchema, executionTargetSchema, IMAGE_REFERENCE, INPUT_NAME, ISOLATION_LEVELS, type JsonValue, LIMITS, parseDuration, parseSize, sizeSchema, SECRET_NAME, TENANT_NAME, TIER_NAME } from '@kb-labs/contracts';
import * as z from 'zod/mini';

import { isBaseUrl } from './base-url.js';
import { MAX_CONCURRENCY } from './config.js';
import { parseAge } from './kept-age.js';
import { isRedisUrl } from './redis-url.js';
import { LOG_LEVELS } from './line-logger.js';

const inside = z.string().check(
  z.minLength(1),
  z.refine((path) => !isAbsolute(path) && !path.split(/[\\/]/).includes('..'), { error: 'a folder of the project, relative to its root' }),
);

/** One object key in front of another: no `//`, no `..`, nothing a store would read differently. */
const OBJECT_PREFIX = /^(?:[A-Za-z0-9][A-Za-z0-9_.=-]*\/)*(?:[A-Za-z0-9][A-Za-z0-9_.=-]*)?$/;
const BUCKET = /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/;

const artifactsSchema = z.discriminatedUnion('store', [
  z.strictObject({
    store: z.literal('file'),
    /** Relative to the project, or absolute; a folder of the state when left out. */
    dir: z.optional(z.string().check(z.minLength(1))),
  }),
  /** In the server that holds the runs. */
  z.strictObject({ store: z.literal('redis') }),
  z.strictObject({
    store: z.literal('s3'),
    bucket: z.string().check(z.regex(BUCKET, { error: 'the name of a bucket, such as kb-artifacts' })),
    region: z.optional(z.string().check(z.regex(/^[a-z0-9-]{1,64}$/, { error: 'a region, such as eu-central-1' }))),
    /** Of a store that is not the one of AWS. */
    endpoint: z.optional(z.string().check(z.refine(isBaseUrl, { error: 'an address such as https://minio.example.com:9000, without a query' }))),
    /** What all keys begin with. */
    prefix: z.optional(z.string().check(z.maxLength(256), z.regex(OBJECT_PREFIX, { error: 'the beginning of a key, such as team-a/' }))),
    /** `https://host/bucket/key` in place of `https://bucket.host/key`. */
    'path-style': z.optional(z.boolean()),
  }),
]);

function isLease(written: number | string): boolean {
  const ms = parseDuration(written) ?? 0;
  return ms >= 2_000 && ms <= 600_000;
}

const jobsAtOnce = z.int().check(z.gte(1), z.lte(100_000));

const perMinute = z.int().check(z.gte(1), z.lte(1_000_000));
const kept = z.strictObject({
  /** Since the run ended. */
  age: z.optional(z.union([z.number(), z.string()]).check(z.refine((age) => (parseAge(age) ?? -1) >= 0, { error: 'an age such as 30d, 12h or 90m' }))),
  /** Of the tenant. */
  bytes: z.optional(z.union([z.number(), z.string()]).check(z.refine((size) => parseSize(size) !== undefined, { error: 'a number of bytes, or a size such as 500MiB or 10GiB' }))),
});
const tierName = z.string().check(z.regex(TIER_NAME, { error: 'the name of a tier: a-z, 0-9, - and _' }));
const tierSchema = z.strictObject({
  'requests-per-minute': z.optional(perMinute),
  'requests-per-minute-per-key': z.optional(perMinute),
  'runs-per-minute': z.optional(perMinute),
  'running-jobs': z.optional(jobsAtOnce),
  retention: z.optional(z.strictObject({ runs: z.optional(kept), logs: z.optional(kept), artifacts: z.optional(kept) })),
});

/** A name, without scheme and port. */
const HOST_NAME = /^(?=.{1,253}$)[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?)*$/;
const gatewaySchema = z.strictObject({
  /** What the gateway answers to besides the names of this machine. */
  'allowed-hosts': z.optional(z.array(z.string().check(z.regex(HOST_NAME, { error: 'a name or an IPv4 address without scheme and port, such as kb.example.com' }))).check(z.maxLength(64))),
});

const wholeNumber = (least: number, most: number) => z.int().check(z.gte(least), z.lte(most));
const imageReference = z.string().check(z.regex(IMAGE_REFERENCE, { error: 'an image such as node:22-slim' }));
const executionSchema = z.strictObject({
  /** Of commands of plugins that do not say it themselves. */
  target: z.optional(z.extend(executionTargetSchema, { image: z.optional(imageReference) })),
  /** What is weaker is refused; what says nothing runs at least so well kept apart. */
  'min-isolation': z.optional(z.enum(ISOLATION_LEVELS)),
  /** Processes that are kept warm. */
  pool: z.optional(
    z.strictObject({
      processes: z.optional(wholeNumber(1, 256)),
      'processes-per-plugin': z.optional(wholeNumber(1, 256)),
      calls: z.optional(wholeNumber(1, 1_000_000)),
      age: z.optional(durationSchema),
      idle: z.optional(durationSchema),
      memory: z.optional(sizeSchema),
    }),
  ),
  container: z.optional(
    z.strictObject({
      program: z.optional(z.enum(['podman', 'docker'])),
      image: z.optional(imageReference),
      images: z.optional(z.array(z.string().check(z.minLength(1), z.maxLength(LIMITS.patternLength))).check(z.minLength(1), z.maxLength(64))),
      pull: z.optional(z.enum(['missing', 'never'])),
      memory: z.optional(sizeSchema),
      cpus: z.optional(z.number().check(z.gte(0.1), z.lte(256))),
      pids: z.optional(wholeNumber(8, 32_768)),
    }),
  ),
});

const secretName = z.string().check(z.regex(SECRET_NAME, { error: 'the name of a secret: letters, digits and _' }));
const serviceUrl = z.string().check(z.refine(isBaseUrl, { error: 'an address such as http://127.0.0.1:11434/v1, without a query' }));
const modelName = z.string().check(z.minLength(1), z.maxLength(256));
const llmSchema = z
  .strictObject({
    /** Whose protocol the service speaks. */
    provider: z.enum(['openai', 'anthropic']),
    model: modelName,
    /** Of a service that is not the provider's own. */
    url: z.optional(serviceUrl),
    /** Name of the secret that holds the key. */
    secret: z.optional(secretName),
    /** Of one request. */
    timeout: z.optional(z.union([z.number(), z.string()]).check(z.refine(isLlmTimeout, { error: 'a duration from 1s to 5m' }))),
    /** Of one answer, whatever a plugin asks for. */
    'max-tokens': z.optional(z.int().check(z.gte(1), z.lte(128_000))),
    embeddings: z.optional(z.strictObject({ model: modelName, url: z.optional(serviceUrl), secret: z.optional(secretName) })),
  })
  .check(z.refine(({ provider, embeddings }) => provider === 'openai' || embeddings === undefined || embeddings.url !== undefined, { error: 'needs a "url" with the provider anthropic, which has no embeddings', path: ['embeddings'] }));

/** An answer is waited for by its first byte, and a request that takes longer is cut off by the runtime. */
function isLlmTimeout(written: number | string): boolean {
  const ms = parseDuration(written) ?? 0;
  return ms >= 1_000 && ms <= 300_000;
}

const triggersSchema = z.strictObject({
  /** Whose the runs are that start by themselves. */
  tenant: z.optional(z.string().check(z.regex(TENANT_NAME, { error: 'the name of a tenant: a-z, 0-9, - and _' }))),
  /** Who hosts the repository of the project: its deliveries are pushes for `on.push`. */
  repository: z.optional(
    z.strictObject({
      source: z.enum(['github', 'gitlab']),
      /** Names of secrets, of which one has to fit. */
      secret: z.union([secretName, z.array(secretName).check(z.minLength(1), z.maxLength(LIMITS.webhookSecrets))]),
    }),
  ),
});

/** `.kb/kb.config.yaml` as written. */
export const configSchema = z.strictObject({
  /** Folders with workflow documents, besides `.kb/workflows`. */
  workflows: z.optional(z.array(inside).check(z.maxLength(64))),
  /** Folders of the project's own plugins. */
  plugins: z.optional(z.array(inside).check(z.maxLength(64))),
  /** Values that expressions read as `vars`. */
  vars: z.optional(z.record(z.string().check(z.regex(INPUT_NAME)), z.json() as z.ZodMiniType<JsonValue>)),
  /** Jobs at once in one worker. */
  concurrency: z.optional(wholeNumber(1, MAX_CONCURRENCY)),
  /** How long a worker can be silent before others take its jobs over. */
  lease: z.optional(z.union([z.number(), z.string()]).check(z.refine(isLease, { error: 'a duration from 2s to 10m' }))),
  /** How much the engine says about itself on standard error. */
  'log-level': z.optional(z.enum(LOG_LEVELS)),
  /** Where runs are kept; relative to the project. */
  'state-dir': z.optional(z.string().check(z.minLength(1))),
  /** Keeps runs in Redis, for any number of machines. */
  redis: z.optional(
    z.strictObject({
      url: z.optional(z.string().check(z.refine(isRedisUrl, { error: 'an address such as redis://redis.example.com:6379' }))),
      prefix: z.optional(z.string().check(z.regex(/^[A-Za-z0-9_.-]{1,64}$/))),
      'allow-volatile': z.optional(z.boolean()),
    }),
  ),
  /** Where the bytes of artifacts are kept; with the runs when left out. */
  artifacts: z.optional(artifactsSchema),
  limits: z.optional(
    z.strictObject({
      /** Combinations of one matrix. */
      matrix: z.optional(z.int().check(z.gte(LIMITS.matrixCombinations), z.lte(LIMITS.jobsAfterMatrix))),
      /** Jobs that run at once, in all workers together, and of them of one tenant. */
      'running-jobs': z.optional(jobsAtOnce),
      'running-jobs-per-tenant': z.optional(jobsAtOnce),
    }),
  ),
  /** What tenants may use, by name. `free`, `pro` and `enterprise` are there already. */
  tiers: z.optional(z.record(tierName, tierSchema)),
  /** The tier of each tenant. */
  tenants: z.optional(z.record(z.string().check(z.regex(TENANT_NAME, { error: 'the name of a tenant: a-z, 0-9, - and _' })), tierName)),
  /** Of all other tenants. */
  'default-tier': z.optional(tierName),
  gateway: z.optional(gatewaySchema),
  /** Where steps run. */
  execution: z.optional(executionSchema),
  /** The language model that plugins are offered. */
  llm: z.optional(llmSchema),
  /** About what starts by itself: schedules, pushes, webhooks. */
  triggers: z.optional(triggersSchema),
  /** Where this installation is reached: addresses that call a run back begin with it. */
  url: z.optional(z.string().check(z.refine(isBaseUrl, { error: 'an address such as https://kb.example.com, without a query' }))),
});

export type WrittenConfig = z.infer<typeof configSchema>;
