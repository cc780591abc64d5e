/** What is appended to many times a second, outside of what React keeps. Who watches hears of changes once a frame. */
export abstract class Watched {
  /** Another number after every frame in which something changed. */
  version = 0;
  readonly #listeners = new Set<() => void>();
  readonly #frame: (tell: () => void) => void;
  #waiting = false;

  /** `frame` calls back with the next frame. */
  constructor(frame: (tell: () => void) => void) {
    this.#frame = frame;
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  protected changed(): void {
    if (this.#waiting) return;
    this.#waiting = true;
    this.#frame(() => {
      this.#waiting = false;
      this.version += 1;
      for (const listener of this.#listeners) listener();
    });
  }
}
