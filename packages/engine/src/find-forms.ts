/**
 * Finds any of many byte strings in one pass (Aho and Corasick, "Efficient string matching", 1975): the time grows with the bytes,
 * whatever they are. States are numbers from 0, the one where nothing has begun.
 */
export class FormFinder {
  /** The longest form that is read when a state is reached; 0 for none. */
  readonly found: Int32Array;
  /** How much of a form has been read: nothing before that can be part of what is still to be found. */
  readonly depth: Int32Array;
  readonly #root = new Int32Array(256);
  readonly #byte: Uint8Array;
  readonly #next: Int32Array;
  /** Of the few states with more than one way on, the others. */
  readonly #others = new Map<number, number>();
  readonly #fallback: Int32Array;
  #states = 1;

  constructor(forms: readonly Uint8Array[]) {
    const room = forms.reduce((sum, form) => sum + form.length, 1);
    this.found = new Int32Array(room);
    this.depth = new Int32Array(room);
    this.#byte = new Uint8Array(room);
    this.#next = new Int32Array(room);
    this.#fallback = new Int32Array(room);
    for (const form of forms) this.#add(form);
    this.#link();
  }

  step(state: number, byte: number): number {
    let at = state;
    while (at !== 0) {
      const next = this.#child(at, byte);
      if (next !== 0) return next;
      at = this.#fallback[at] ?? 0;
    }
    return this.#root[byte] ?? 0;
  }

  /** The first place from `from` on where a form can begin; the length when there is none. */
  firstStart(bytes: Uint8Array, from: number): number {
    const root = this.#root;
    let at = from;
    while (at < bytes.length && root[bytes[at] ?? 0] === 0) at += 1;
    return at;
  }

  #child(state: number, byte: number): number {
    if (state === 0) return this.#root[byte] ?? 0;
    const only = this.#next[state] ?? 0;
    if (only === 0 || this.#byte[state] === byte) return only;
    return this.#others.size === 0 ? 0 : (this.#others.get(state * 256 + byte) ?? 0);
  }

  #add(form: Uint8Array): void {
    let state = 0;
    for (const byte of form) {
      let next = this.#child(state, byte);
      if (next === 0) {
        next = this.#states;
        this.#states += 1;
        this.depth[next] = (this.depth[state] ?? 0) + 1;
        if (state === 0) this.#root[byte] = next;
        else if (this.#next[state] === 0) {
          this.#next[state] = next;
          this.#byte[state] = byte;
        } else this.#others.set(state * 256 + byte, next);
      }
      state = next;
    }
    this.found[state] = form.length;
  }

  /** Level by level: the states of a form fall back to shorter ones. */
  #link(): void {
    const children = new Map<number, [number, number][]>();
    for (const [key, next] of this.#others) children.set(Math.floor(key / 256), [...(children.get(Math.floor(key / 256)) ?? []), [key % 256, next]]);
    const queue = new Int32Array(this.#states);
    let end = 0;
    for (const state of this.#root) if (state !== 0) queue[end++] = state;
    for (let at = 0; at < end; at += 1) {
      const state = queue[at] ?? 0;
      const fallback = this.#fallback[state] ?? 0;
      if (this.found[state] === 0) this.found[state] = this.found[fallback] ?? 0;
      const only = this.#next[state] ?? 0;
      const ways: [number, number][] = only === 0 ? [] : [[this.#byte[state] ?? 0, only], ...(children.get(state) ?? [])];
      for (const [byte, next] of ways) {
        this.#fallback[next] = this.step(fallback, byte);
        queue[end++] = next;
      }
    }
  }
}
