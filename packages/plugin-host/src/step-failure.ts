import type { JsonValue, PluginFailure } from '@kb-labs/contracts';

/** A failure of what a step does, with a code of its own that the register of the engine does not know. */
export class StepFailure extends Error implements PluginFailure {
  readonly code: string;
  declare readonly hint?: string;
  declare readonly details?: JsonValue;
  declare readonly kbRetry?: 'never';

  constructor(code: string, message: string, options: { hint?: string; details?: JsonValue; kbRetry?: 'never' } = {}) {
    super(message);
    this.name = 'StepFailure';
    this.code = code;
    Object.assign(this, options);
  }
}
