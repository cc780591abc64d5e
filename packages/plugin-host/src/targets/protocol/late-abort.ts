/** An abort controller, made for the first who asks for its signal: most of what can be called off never looks at one. */
export class LateAbort {
  #controller: AbortController | undefined;
  #called: { readonly reason: unknown } | undefined;

  get isAborted(): boolean {
    return this.#called !== undefined;
  }

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.#called !== undefined) this.#controller.abort(this.#called.reason);
    }
    return this.#controller.signal;
  }

  abort(reason: unknown): void {
    this.#called ??= { reason };
    this.#controller?.abort(reason);
  }
}
