import type { JsonValue } from './json.js';

/** What started a run. Expressions read it as `trigger`. */
export interface Trigger {
  readonly type: 'manual';
  /** Who asked, for people: a user name, an address. */
  readonly actor: string;
  readonly payload: JsonValue;
  readonly branch: string | null;
  readonly tag: string | null;
  readonly sha: string | null;
}
