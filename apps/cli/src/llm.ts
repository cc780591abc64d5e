/** The language model: a program of its own, for it brings the SDKs of the providers along, which few commands need. */
export { createLlm } from '@kb-labs/daemon/language-model';
