import type { StepContext } from './create-context.js';

/** The context of a handler elsewhere, made when it first asks for something of it: many never do, and others have begun by then. */
export class LateContext implements Pick<StepContext, 'close'> {
  readonly #make: () => StepContext;
  #made: StepContext | undefined;
  #isOver = false;

  constructor(make: () => StepContext) {
    this.#make = make;
  }

  /** After `close`, one that does nothing. */
  open(): StepContext {
    if (this.#made === undefined) {
      this.#made = this.#make();
      if (this.#isOver) void this.#made.close();
    }
    return this.#made;
  }

  async close(): Promise<readonly number[]> {
    this.#isOver = true;
    return (await this.#made?.close()) ?? [];
  }
}
