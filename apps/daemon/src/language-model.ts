/** What speaks to a language model: a door of its own, for it brings the SDKs of two providers along. */
export { createLlm } from '@kb-labs/llm';
