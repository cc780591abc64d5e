/**
 * The program that a handler runs in when it does not run in the engine: it takes calls on descriptor 3, answers on
 * descriptor 4, and ends when nobody is at the other end any more. It needs nothing but Node.
 */
import { writeSync } from 'node:fs';
import { Socket } from 'node:net';

import { Channel } from '../protocol/channel.js';
import { packThrown } from '../protocol/thrown.js';
import { HandlerRuns } from './handler-runs.js';

const FROM_ENGINE = 3;
const TO_ENGINE = 4;
/** The engine is trusted: this is what Node can hold in one piece. */
const BOUNDS = { text: 512 * 1024 * 1024, bytes: 2 ** 31 };
/** How long the last words may take. */
const LAST_WORDS_MS = 500;
/** Read at once. */
const READ_BYTES = 64 * 1024;

/** As it is now: a handler may put something else in its place. */
const writeNow = writeSync;

const input = new Socket({
  fd: FROM_ENGINE,
  readable: true,
  writable: false,
  // Not as a stream: that would make a buffer of this size for each message, which has to be collected, and take as long as the message itself.
  onread: {
    buffer: new Uint8Array(READ_BYTES),
    callback: (count, buffer) => {
      void channel.receive(buffer.slice(0, count));
      return true;
    },
  },
});
const output = new Socket({ fd: TO_ENGINE, readable: false, writable: true });

const channel: Channel = new Channel({
  write: (parts) => {
    for (const part of parts) send(part);
  },
  answer: (call) => runs.answer(call),
  note: (method, args) => runs.note(method, args),
  bounds: BOUNDS,
  maxCalls: Infinity,
  maxOpenBytes: Infinity,
});
const runs = new HandlerRuns(channel);

/** Not by way of the stream, which takes longer than the system. What the system has no room for waits in the stream, and so does what comes after it. */
function send(part: Uint8Array): void {
  let sent = 0;
  try {
    if (output.writableLength === 0) sent = writeNow(TO_ENGINE, part);
  } catch {
    // There is no room, or nobody at the other end: the stream tells which.
  }
  if (sent < part.length) output.write(sent === 0 ? part : part.subarray(sent));
}

for (const event of ['end', 'close', 'error']) input.on(event, () => process.exit());
output.on('error', () => process.exit());

for (const event of ['uncaughtException', 'unhandledRejection'] as const) {
  process.on(event, (thrown: unknown) => {
    channel.tell('died', [event, packThrown(thrown)]);
    console.error(thrown);
    setTimeout(() => process.exit(1), LAST_WORDS_MS).unref();
    output.end(() => process.exit(1));
  });
}
