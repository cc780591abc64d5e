import { toRunId } from '@kb-labs/contracts';
import type { Fence, StepLogs } from '@kb-labs/ports';
import { describe, expect, it } from 'vitest';

import { LogWriter } from './log-writer.js';
import { manualClock } from './manual-clock.fixture.js';

describe('lines of a log', () => {
  it('are stored together, soon after a silence and less often while they keep coming', async () => {
    const { pass, print, stored } = open();
    await print({ lines: 12, everyMs: 2 });
    await pass(100);
    await print({ lines: 1, everyMs: 20 });
    expect(stored).toEqual(['3 after 5 ms', '9 after 25 ms', '1 after 129 ms']);
  });

  it('do not wait any longer when the clock is set back', async () => {
    const { clock, print, stored } = open();
    await print({ lines: 1, everyMs: 5 });
    clock.advance(-3_600_000);
    await print({ lines: 1, everyMs: 20 });
    expect(stored).toEqual(['1 after 5 ms', '1 after 25 ms']);
  });

  it('are all stored when the log is at its end, which a log without lines is at once', async () => {
    const { print, stored, writer } = open();
    expect(writer.end()).toBe(undefined);
    await print({ lines: 2, everyMs: 0 });
    await writer.end();
    expect(stored).toEqual(['2 after 0 ms']);
  });
});

function open() {
  const clock = manualClock();
  let passedMs = 0;
  const stored: string[] = [];
  const logs: Pick<StepLogs, 'append'> = {
    append: (_run, _fence, lines) => {
      stored.push(`${String(lines.length)} after ${String(passedMs)} ms`);
      return Promise.resolve(true);
    },
  };
  const quiet = () => undefined;
  const place = { runId: toRunId('01K0000000000000000000000A'), job: 'j', attempt: 1, step: 's', fence: { ticket: 't', token: 1 } as Fence, lastLine: 0 };
  const writer = new LogWriter({ clock, logs: logs as StepLogs, logger: { debug: quiet, info: quiet, warn: quiet, error: quiet } }, place);
  const pass = async (ms: number): Promise<void> => {
    for (const until = passedMs + ms; passedMs < until; ) {
      passedMs += 1;
      clock.advance(1);
      await new Promise(setImmediate);
    }
  };
  const print = async ({ lines, everyMs }: { readonly lines: number; readonly everyMs: number }): Promise<void> => {
    for (let line = 0; line < lines; line += 1) {
      void writer.write({ stream: 'stdout', level: 'info', text: String(line) });
      await pass(everyMs);
    }
  };
  return { clock, stored, pass, print, writer };
}
