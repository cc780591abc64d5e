/**
 * Text to a located document to a checked workflow or plugin manifest. Every problem has a file, line, column and stable
 * code; a document with three mistakes reports three. Pure: no file is opened here.
 */
export { checkReferences } from './check-references.js';
export type { CommandShape } from './command-shape.js';
export { diffValues } from './diff-values.js';
export { isInstant } from './instant.js';
export type { Source } from './read-document.js';
export { playbookDigest, readPlaybook } from './read-playbook.js';
export type { PlaybookDocument } from './read-playbook.js';
export { mayBecome } from './release-transition.js';
export { readPluginManifest } from './read-plugin-manifest.js';
export { readSettings } from './read-settings.js';
export { readWorkflow } from './read-workflow.js';
export type { WorkflowDocument } from './read-workflow.js';
export { workflowJsonSchema } from './workflow-schema.js';
export { workflowShape } from './workflow-shape.js';
