import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Readable } from 'node:stream';

import { describe, expect, it } from 'vitest';

import { StreamReader } from '../process-tree/stream-reader.js';
import { PrintIntake } from './print-intake.js';

/** Prints, and says on another pipe that it has. */
const PRINTS = `require('node:fs').writeSync(1, 'x'.repeat(100_000)); require('node:fs').writeSync(3, 'done')`;

describe('what was printed before a message', () => {
  it('has been taken when it says so, whichever of the two is read first', async () => {
    const child = spawn(process.execPath, ['-e', PRINTS], { stdio: ['ignore', 'pipe', 'inherit', 'pipe'] });
    const intake = new PrintIntake();
    let taken = 0;
    new StreamReader(child.stdout as Readable, (chunk) => {
      taken += chunk.length;
      return intake.took(undefined);
    });
    const messages = child.stdio[3] as Readable;
    await once(messages, 'data');
    expect([await intake.caughtUp(), taken]).toEqual([true, 100_000]);
    await once(child, 'close');
  });

  it('is waited for while it is being taken, as often as that takes', async () => {
    const intake = new PrintIntake();
    const [first, second] = [Promise.withResolvers<undefined>(), Promise.withResolvers<undefined>()];
    const steps: string[] = [];
    void intake.took(first.promise);
    const caughtUp = intake.caughtUp().then((is) => steps.push(`caught up: ${String(is)}`));
    setImmediate(() => {
      steps.push('the first is taken');
      first.resolve(undefined);
      void intake.took(second.promise);
      setImmediate(() => {
        steps.push('the second is taken');
        second.resolve(undefined);
      });
    });
    await caughtUp;
    expect(steps).toEqual(['the first is taken', 'the second is taken', 'caught up: true']);
  });

  it('is not waited for when it cannot be taken', async () => {
    const intake = new PrintIntake();
    const taken = Promise.reject(new Error('the state is full'));
    Promise.resolve(intake.took(taken)).catch(() => undefined);
    expect(await intake.caughtUp()).toBe(false);
  });
});
