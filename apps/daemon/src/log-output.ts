import { fstatSync } from 'node:fs';
import { Socket } from 'node:net';

import { destination } from 'pino';

/** Takes lines without waiting for whoever reads them. */
export interface LogOutput {
  write(line: string): void;
  /** Lets what was taken be written, for a second at most. Nothing may be written after it. Standard streams stay open. */
  close(): Promise<void>;
}

/** What waits to be written when nobody reads it; lines beyond that are dropped, so that a stuck reader cannot stop the work. */
const MAX_WAITING_BYTES = 4 * 1_024 * 1_024;
const CLOSE_MS = 1_000;

/** An open file descriptor. Writing to a pipe whose reader is stuck blocks: a thread, and with it the end of the process, if not the work. */
export function logOutput(fd: number): LogOutput {
  const stat = fstatSync(fd);
  return stat.isFIFO() || stat.isSocket() ? toPipe(fd) : toFile(fd);
}

function toPipe(fd: number): LogOutput {
  const socket = new Socket({ fd, readable: false, writable: true });
  // A reader that went away is no reason to stop working; nor is a full disk, below.
  socket.on('error', () => undefined);
  socket.unref();
  return {
    write: (line) => {
      if (socket.writable && socket.writableLength + line.length <= MAX_WAITING_BYTES) socket.write(line);
    },
    close: () =>
      ended((done) => {
        // Not its end: that would close the descriptor, which others can still write to.
        socket.write('', done);
      }),
  };
}

function toFile(fd: number): LogOutput {
  const file = destination({ dest: fd, sync: false, maxLength: MAX_WAITING_BYTES });
  file.on('error', () => undefined);
  return {
    write: (line) => {
      file.write(line);
    },
    close: () =>
      ended((done) => {
        file.once('close', done);
        file.end();
        // What does not fit on a disk would be tried again at the exit, for ever.
      }).then(() => {
        file.destroy();
      }),
  };
}

function ended(end: (done: () => void) => void): Promise<void> {
  return new Promise((resolve) => {
    const late = setTimeout(resolve, CLOSE_MS);
    end(() => {
      clearTimeout(late);
      resolve();
    });
  });
}
