/**
 * What tests share: builders that fill in what does not matter, a clock and ids that do as told, and one conformance
 * suite for each port. An adapter is done when the suite of its port passes.
 */
export { aPlan } from './a-plan.js';
export type { LooseJob, LoosePlan, LooseStep } from './a-plan.js';
export type { BlobsUnderTest } from './conformance/blobs-cases.js';
export type { StorePorts, StoreUnderTest, TestRunner } from './conformance/suite.js';
export { blobsSuite, catalogSuite, claimsSuite, eventLogSuite, jobQueueSuite, rateLimitsSuite, recordsSuite, retentionSuite, stepLogsSuite } from './conformance/suites.js';
export { countingIds } from './counting-ids.js';
export { fakeClock } from './fake-clock.js';
export type { FakeClock } from './fake-clock.js';
export { startLlmServer } from './llm/llm-server.js';
export type { LlmServer, LlmServerOptions, LlmServerRequest } from './llm/llm-server.js';
export type { LlmServerAnswer } from './llm/llm-server-answer.js';
export { memoryLogger } from './memory-logger.js';
export type { LoggedEntry, MemoryLogger } from './memory-logger.js';
export { startRedisServer } from './redis-server.js';
export type { RedisServer } from './redis-server.js';
export { aCreate, anEndedSummary, aSummary, aTicket, someLines } from './some-commands.js';
export {
  aCancelRequested,
  aJobExpanded,
  aJobFinished,
  aJobStarted,
  aRunFinished,
  aRunStarted,
  aStepAnswered,
  aStepFinished,
  aStepStarted,
  aStepWaiting,
  aTrigger,
} from './some-events.js';
export { spawnSource } from './spawn-source.js';
export { standStill } from './stand-still.js';
