import type { Terminal } from './terminal.js';

export interface Question<Answer> {
  readonly answer: Promise<Answer>;
  /** Answers for the person. */
  settle(answer: Answer): void;
}

interface Reader {
  readonly prompt: string;
  readonly take: (line: string | undefined) => void;
}

/** Who waits for a line of a terminal; the one asked last is answered first. */
interface Reading {
  readonly readers: Reader[];
  /** Read and not asked for yet: several lines can arrive at once. */
  pending: string;
  readonly stop: () => void;
}

const readings = new WeakMap<object, Reading>();

/** Asks for a line on the terminal. The end of the input is no answer. */
export function askLine(terminal: Terminal, prompt: string): Question<string | undefined> {
  return ask(terminal, prompt, { waitsForTyping: false });
}

/** Asks for a yes on the terminal. Anything else, and the end of the input, is a no. What was typed before is no answer to it. */
export function askYesNo(terminal: Terminal, question: string): Question<boolean> {
  const { answer, settle } = ask(terminal, `${question} [y/N] `, { waitsForTyping: true });
  return {
    answer: answer.then((line) => /^\s*y(es)?\s*$/i.test(line ?? '')),
    settle: (yes) => {
      settle(yes ? 'yes' : undefined);
    },
  };
}

function ask(terminal: Terminal, prompt: string, options: { waitsForTyping: boolean }): Question<string | undefined> {
  const { promise, resolve } = Promise.withResolvers<string | undefined>();
  const reading = readings.get(terminal.host.stdin) ?? startReading(terminal);
  if (options.waitsForTyping) reading.pending = '';
  const reader: Reader = {
    prompt,
    take: (line) => {
      const at = reading.readers.indexOf(reader);
      if (at === -1) return;
      const top = at === reading.readers.length - 1;
      reading.readers.splice(at, 1);
      resolve(line);
      const below = reading.readers.at(-1);
      if (below === undefined) stopUnlessAskedAgain(reading);
      // Its question scrolled away.
      else if (top) terminal.host.stdout.write(below.prompt);
    },
  };
  terminal.host.stdout.write(prompt);
  reading.readers.push(reader);
  terminal.host.stdin.resume();
  if (!options.waitsForTyping) takeLine(reading);
  if (terminal.host.stdin.readableEnded) reader.take(undefined);
  return { answer: promise, settle: reader.take };
}

function startReading(terminal: Terminal): Reading {
  const { stdin } = terminal.host;
  const onData = (chunk: Buffer | string): void => {
    reading.pending += chunk.toString();
    while (takeLine(reading));
  };
  const onEnd = (): void => {
    if (reading.pending !== '') reading.readers.at(-1)?.take(reading.pending);
    for (const reader of reading.readers.toReversed()) reader.take(undefined);
  };
  const reading: Reading = {
    readers: [],
    pending: '',
    stop: () => {
      stdin.off('data', onData);
      stdin.off('end', onEnd);
      stdin.pause();
      readings.delete(stdin);
    },
  };
  readings.set(stdin, reading);
  stdin.on('data', onData);
  stdin.on('end', onEnd);
  return reading;
}

function takeLine(reading: Reading): boolean {
  const reader = reading.readers.at(-1);
  const end = reading.pending.indexOf('\n');
  if (reader === undefined || end === -1) return false;
  const line = reading.pending.slice(0, end);
  reading.pending = reading.pending.slice(end + 1);
  reader.take(line);
  return true;
}

/** Whoever got an answer may ask on at once, and what was typed ahead answers that. */
function stopUnlessAskedAgain(reading: Reading): void {
  setImmediate(() => {
    if (reading.readers.length === 0) reading.stop();
  });
}
