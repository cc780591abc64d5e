/**
 * A language model behind the port `Llm`: services that speak OpenAI's protocol, at any address, and Anthropic's. One request in, one
 * checked answer out; what fails says whether another try can help.
 */
export { createLlm } from './create-llm.js';
export type { LlmDeps, LlmSettings } from './settings.js';
