import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';

import { spawnSource } from '@kb-labs/testkit';
import { describe, expect, it } from 'vitest';

import type { FloodReport } from './flood.fixture.js';

const MB = 1024 * 1024;

const SIZE_MB = 1_024;

describe('a script that prints without end', () => {
  it.each([
    ['lines', `yes "$(printf "%0.sx" $(seq 63))" | head -c ${String(SIZE_MB)}M`, SIZE_MB * MB],
    ['one line', `head -c ${String(SIZE_MB)}M /dev/zero | tr "\\0" x`, SIZE_MB * MB],
    ['states of a progress bar', `yes "$(printf "%0.sx" $(seq 63))" | head -c ${String(SIZE_MB / 4)}M | tr "\\n" "\\r"`, (SIZE_MB / 4) * MB],
    ['errors', `yes "$(printf "%0.sx" $(seq 1023))" | head -c ${String(SIZE_MB)}M >&2`, SIZE_MB * MB],
  ])('of %s takes no more memory than one that prints little', async (name, script, bytes) => {
    const report = await flood([script]);
    expect(report.status).toBe('success');
    // Without the line ends; of the one line only its beginning.
    if (name === 'one line') expect(report).toMatchObject({ lines: 1, textBytes: 65_536 });
    else expect(report.lines + report.textBytes).toBe(bytes);
    expect(report.grownBytes).toBeLessThan(50 * MB);
  }, 120_000);

  it('is seen to take memory where its lines are kept', async () => {
    const report = await flood([`yes "$(printf "%0.sx" $(seq 1023))" | head -c 100M`, 'keep']);
    expect(report.grownBytes).toBeGreaterThan(80 * MB);
  });
});

describe('a script that writes large outputs', () => {
  const text = (megabytes: number): string => `head -c ${String(megabytes)}M /dev/zero | tr "\\0" x`;

  it.each([
    ['one line', `{ printf a=; ${text(20)}; } > "$KB_OUTPUT"`],
    ['a block of many lines', `{ echo 'a<<END'; yes "$(printf "%0.sx" $(seq 63))" | head -c 20M; echo END; } > "$KB_OUTPUT"`],
    ['text that is not ASCII', `{ printf a=; yes ä | tr -d "\\n" | head -c 20M; } > "$KB_OUTPUT"`],
    ['JSON', `{ printf '{"a":"'; ${text(20)}; printf '"}'; } > "$KB_OUTPUT"`],
    ['many names', `for i in $(seq 20); do printf "a$i="; ${text(1)}; echo; done > "$KB_OUTPUT"`],
  ])('of 20 MB in %s takes a small multiple of them', async (_, script) => {
    const report = await flood([script]);
    expect(report.status).toBe('success');
    expect(report.outputBytes).toBeGreaterThanOrEqual(20 * MB - 1);
    expect(report.grownBytes).toBeLessThan(80 * MB);
  }, 60_000);

  it('does not keep values that are replaced', async () => {
    const report = await flood([`for i in $(seq 120); do printf a=; ${text(1)}; echo; done > "$KB_OUTPUT"`]);
    expect(report).toMatchObject({ status: 'success', outputBytes: MB });
    // What was replaced waits for a collection: less than the file, whatever its size.
    expect(report.grownBytes).toBeLessThan(100 * MB);
  }, 60_000);

  it('takes no memory for more than it may write', async () => {
    const report = await flood([`{ printf a=; ${text(120)}; } > "$KB_OUTPUT"`]);
    expect(report).toMatchObject({ status: 'failed', outputBytes: 0 });
    expect(report.grownBytes).toBeLessThan(50 * MB);
  }, 60_000);

  it('is seen to take what is kept', async () => {
    const report = await flood([`{ printf a=; ${text(60)}; } > "$KB_OUTPUT"`]);
    expect(report.outputBytes).toBe(60 * MB);
    expect(report.grownBytes).toBeGreaterThan(60 * MB);
  }, 60_000);
});

async function flood(args: readonly string[]): Promise<FloodReport> {
  const child = spawnSource(fileURLToPath(new URL('./flood.fixture.ts', import.meta.url)), args);
  if (child.stdout === null) throw new Error('the process has no output');
  return JSON.parse(await text(child.stdout)) as FloodReport;
}
