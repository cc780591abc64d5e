import type { Terminal } from './terminal.js';

export interface Question {
  readonly answer: Promise<boolean>;
  /** Answers for the person. */
  settle(yes: boolean): void;
}

/** Asks for a yes on the terminal. Anything else, and the end of the input, is a no. */
export function askYesNo(terminal: Terminal, question: string): Question {
  const { stdin, stdout } = terminal.host;
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const onData = (chunk: Buffer | string): void => {
    settle(/^\s*y(es)?\s*$/i.test(chunk.toString()));
  };
  const onEnd = (): void => {
    settle(false);
  };
  const settle = (yes: boolean): void => {
    stdin.off('data', onData);
    stdin.off('end', onEnd);
    stdin.pause();
    resolve(yes);
  };
  stdout.write(`${question} [y/N] `);
  stdin.on('data', onData);
  stdin.on('end', onEnd);
  stdin.resume();
  return { answer: promise, settle };
}
