/** Gives secrets by name. Whoever asks takes care that the value gets no further than it has to. */
export interface Secrets {
  /**
   * The value; `undefined` when it is not there. Fails with `SECRETS_UNREADABLE`, and with `SECRET_UNUSABLE` for one that could
   * not be kept out of logs: it is too short, or too large.
   */
  get(name: string): Promise<string | undefined>;
  /** Every name there is, in order. Fails with `SECRETS_UNREADABLE`. */
  list(): Promise<readonly KeptSecret[]>;
  /** For messages: where the value of a name is looked for. */
  whereOf(name: string): string;
}

export interface KeptSecret {
  readonly name: string;
  /** `env`: of the environment of this process. */
  readonly from: 'env' | 'file';
  /** When it was set, in milliseconds since the epoch; `null` where that is not known. */
  readonly setAt: number | null;
}

/** Takes secrets out of what is about to be stored or shown. */
export interface Redactor {
  text(text: string): string;
  /** For the bytes of one stream, wherever they are cut. */
  bytes(): ByteRedactor;
}

export interface ByteRedactor {
  /** What can be handed on by now: at most what a secret is long is held back. The chunk may be given up after it. */
  push(chunk: Uint8Array): Uint8Array;
  /** What was held back. */
  end(): Uint8Array;
}
