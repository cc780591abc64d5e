/** For a plugin's own tests: a real context over a folder of its own. */
export { testContext } from './test-context.js';
export type { SavedArtifact, TestContext, TestContextOptions } from './test-context.js';
