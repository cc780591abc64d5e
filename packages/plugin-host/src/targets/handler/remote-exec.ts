import type { ExecOptions, ExecResult } from '@kb-labs/contracts';

import type { Ask } from './ask.js';

type OnLine = NonNullable<ExecOptions['onLine']>;

interface Listening {
  readonly onLine: OnLine;
  failure?: { readonly thrown: unknown };
}

/** `ctx.exec` on the side of the handler: the engine starts the program, and sends its lines back when somebody wants them. */
export class RemotePrograms {
  readonly #ask: Ask;
  readonly #listening = new Map<number, Listening>();
  #last = 0;

  constructor(ask: Ask) {
    this.#ask = ask;
  }

  async exec(program: string, args: readonly string[] = [], options: ExecOptions = {}): Promise<ExecResult> {
    const { onLine, input, ...rest } = options;
    this.#last += 1;
    const id = this.#last;
    const listening: Listening | undefined = onLine === undefined ? undefined : { onLine };
    if (listening !== undefined) this.#listening.set(id, listening);
    const bytes = typeof input === 'string' ? Buffer.from(input) : input;
    try {
      const request = { ...rest, lines: listening !== undefined, input: bytes !== undefined };
      const answer = await this.#ask('exec', [id, program, args, request], bytes === undefined ? {} : { bytes });
      const { exitCode, stdoutBytes } = answer.value as { exitCode: number; stdoutBytes: number };
      const output = Buffer.from(answer.bytes.buffer, answer.bytes.byteOffset, answer.bytes.byteLength);
      return { exitCode, stdout: output.toString('utf8', 0, stdoutBytes), stderr: output.toString('utf8', stdoutBytes) };
    } catch (thrown) {
      // What the handler's own function threw comes back as it was, not as a copy that went to the engine and back.
      throw listening?.failure === undefined ? thrown : listening.failure.thrown;
    } finally {
      this.#listening.delete(id);
    }
  }

  async lines([id, stream, lines]: readonly unknown[]): Promise<void> {
    const listening = this.#listening.get(id as number);
    if (listening === undefined) return;
    try {
      for (const line of lines as readonly string[]) await listening.onLine(line, stream as 'stdout' | 'stderr');
    } catch (thrown) {
      listening.failure = { thrown };
      throw thrown;
    }
  }
}
