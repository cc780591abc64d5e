import type { Keys } from './keys.js';
import type { Link } from './link.js';
import type { Outbox } from './outbox.js';

/** What everything that writes works with. */
export interface StoreDeps {
  readonly link: Link;
  readonly keys: Keys;
  readonly outbox: Outbox;
  /** Whether one script may touch the keys of a run and those of the installation: not on a server that spreads them. */
  readonly keysTogether: boolean;
}
