import { AppError } from '@kb-labs/errors';
import type { Response } from 'express';

const MOST_STREAMS = 1_000;
export const MOST_STREAMS_OF_TENANT = 200;
/** Made once: each answer that was waited for ends with it, and an error of its own would keep a stack that nobody reads. */
const OVER = new DOMException('the answer is over, or nobody waits for it any more', 'AbortError');

/** The answers that go on, or wait, until something ends. Each holds a watch on the state, so there can only be so many. */
export class OpenStreams {
  readonly #open = new Map<AbortController, string>();

  /** A signal that is aborted when the client has gone or everything is to end. Fails with `FOLLOWERS_FULL`. */
  open(response: Response, tenant: string): AbortSignal {
    const ofTenant = [...this.#open.values()].filter((one) => one === tenant).length;
    if (ofTenant >= MOST_STREAMS_OF_TENANT) throw new AppError('FOLLOWERS_FULL', { limit: MOST_STREAMS_OF_TENANT });
    if (this.#open.size >= MOST_STREAMS) throw new AppError('FOLLOWERS_FULL', { limit: MOST_STREAMS });
    const controller = new AbortController();
    // It was told already that the client has gone.
    if (response.destroyed) {
      controller.abort(OVER);
      return controller.signal;
    }
    this.#open.set(controller, tenant);
    response.once('close', () => {
      this.#open.delete(controller);
      controller.abort(OVER);
    });
    return controller.signal;
  }

  get size(): number {
    return this.#open.size;
  }

  endAll(): void {
    for (const controller of this.#open.keys()) controller.abort(OVER);
  }
}
