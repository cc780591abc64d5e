const KiB = 1024;
const MiB = 1024 * KiB;
const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

/**
 * Every bound on untrusted size, depth, count and time. Bytes are of UTF-8, durations in milliseconds.
 * A value equal to the limit is accepted; one above is refused.
 */
export const LIMITS = {
  documentBytes: 256 * KiB,
  documentDepth: 32,
  documentNodes: 40_000,
  jobs: 256,
  stepsPerJob: 256,
  expressionLength: 64 * KiB,
  expressionNodes: 4_096,
  expressionDepth: 64,
  /** Characters read or written while one expression is evaluated, or all templates of one value. */
  expressionWork: 16 * MiB,
  valueBytes: MiB,
  valueDepth: 64,
  outputBytes: MiB,
  runStateBytes: 16 * MiB,
  logBytesPerStep: 64 * MiB,
  logLineBytes: 64 * KiB,
  artifactBytes: 1024 * MiB,
  artifactsPerStep: 256,
  retries: 20,
  retryCapMs: HOUR,
  timeoutDefaultMs: HOUR,
  timeoutMaxMs: 24 * HOUR,
  idempotencyKeyLength: 256,
  idempotencyKeepMs: 24 * HOUR,
  queuedRuns: 100_000,
  interruptionsBeforeQuarantine: 3,
} as const;
