import type { RuleId, Severity } from '../rules/catalog.js';

/** One thing worth a look. `line` counts from 1 in the new file; 0 means the file as a whole. */
export interface Finding {
  file: string;
  line: number;
  /** Counts from 1, in UTF-16 units. */
  column?: number;
  severity: Severity;
  /** `llm`: a language model said so, no rule. */
  rule: RuleId | 'llm';
  message: string;
  /** The line, secrets masked. */
  excerpt?: string;
}
