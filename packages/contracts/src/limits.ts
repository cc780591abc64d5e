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
  /** Of all jobs of a run, the combinations of matrices among them. */
  jobsAfterMatrix: 10_000,
  /** Combinations of one matrix; the configuration can allow up to `jobsAfterMatrix`. */
  matrixCombinations: 256,
  matrixAxes: 32,
  stepsPerJob: 256,
  expressionLength: 64 * KiB,
  expressionNodes: 4_096,
  expressionDepth: 64,
  /** Characters read or written while one expression is evaluated, or all templates of one value. */
  expressionWork: 16 * MiB,
  valueBytes: MiB,
  valueDepth: 64,
  /** Of a step, kept with the run. What is larger becomes an artifact. */
  outputBytes: MiB,
  /** Of a step, before large values become artifacts. */
  rawOutputBytes: 64 * MiB,
  /** Of the outputs of a step, each text, number, truth value, null, list and object: as many as `outputBytes` can hold. */
  outputValues: 524_288,
  runStateBytes: 16 * MiB,
  logBytesPerStep: 64 * MiB,
  logLineBytes: 64 * KiB,
  artifactBytes: 1024 * MiB,
  artifactsPerStep: 256,
  retries: 20,
  retryCapMs: HOUR,
  timeoutDefaultMs: HOUR,
  timeoutMaxMs: 24 * HOUR,
  /** The longest a step can wait, and a run with all its waits can last. */
  waitMaxMs: 366 * 24 * HOUR,
  /** The longest that a request can wait for the end of a run. */
  requestWaitMs: MINUTE,
  idempotencyKeyLength: 256,
  idempotencyKeepMs: 24 * HOUR,
  queuedRuns: 100_000,
  /** Runs that one page of a list looks through for those that are asked for, where no index finds them. */
  runsLookedThrough: 2_000,
  /** Characters of a text that runs are searched for. */
  searchLength: 256,
  /** How deep workflows can call each other; a run that nobody called has depth 0. */
  childDepth: 8,
  /** Runs that one run can start. */
  children: 1_000,
  gateIterations: 10,
  gateIterationsDefault: 3,
  /** How long hooks may go on after the time of their job has run out. */
  hookGraceMs: 5 * MINUTE,
  signalNameLength: 256,
  /** Callbacks of one run that nobody has waited for yet. */
  heldCallbacks: 100,
  mergeSources: 64,
  mergeBytes: 64 * MiB,
  groupNameLength: 256,
  interruptionsBeforeQuarantine: 3,
  /** Below, no runtime starts. */
  targetMemoryMinBytes: 64 * MiB,
  /** Of what one plugin keeps in `ctx.storage`: its entries, and one of them. */
  storageEntries: 10_000,
  storageValueBytes: 256 * KiB,
  storageKeyLength: 256,
  /** Of each list in the manifest of a playbook. */
  playbookItems: 128,
  /** Versions of one playbook. */
  playbookVersions: 1_000,
  /** Evidence of one flow. */
  flowEvidence: 1_000,
  /** Of what a session is asked for, inputs and metadata; of the metadata of a session. As JSON. */
  submissionBytes: 512 * KiB,
  /** Runs that wait behind the one that a session is busy with. */
  sessionQueue: 1_000,
  /** Runs of one flow, all generations. */
  flowRuns: 2_000,
  /** Texts of one request for embeddings. */
  llmTexts: 512,
  /** Names of `secrets:`. */
  secrets: 64,
  secretBytes: 16 * KiB,
  /** What is shorter would be found in texts that have nothing to do with it. */
  secretMinLength: 4,
  recordKeyBytes: KiB,
  /** Of a record's value, as JSON. */
  recordBytes: MiB,
  /** Characters of one pattern for branches, tags or paths. */
  patternLength: 256,
  /** Patterns of one list. */
  patterns: 64,
  /** Files of one push that are looked at; of a push with more, it is not known which files it touched. */
  pushPaths: 10_000,
  cronLength: 128,
  timezoneLength: 64,
  schedules: 32,
  /** Times of one schedule that are made up for, and that can wait for a run to end. */
  catchUp: 100,
  /** A time of a schedule that passed less than this long ago is on time, not missed. */
  onTimeMs: MINUTE,
  webhooks: 32,
  events: 64,
  eventNameLength: 128,
  webhookSecrets: 8,
  /** Of a delivery, as it came. */
  deliveryBytes: MiB,
  /** How long deliveries are kept, and how many at most. */
  deliveryKeepMs: 7 * 24 * HOUR,
  deliveries: 10_000,
  /** A delivery without an id of its sender that comes again so soon, to the letter the same, is the same one. */
  sameDeliveryMs: 5 * MINUTE,
  /** How long it is remembered that something that happened has started a run. */
  startKeepMs: 30 * 24 * HOUR,
  /** How far the time in a signed request may be from now. */
  signatureAgeMs: 5 * MINUTE,
} as const;
