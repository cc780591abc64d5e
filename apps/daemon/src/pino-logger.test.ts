import { existsSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { spawnSource } from '@kb-labs/testkit';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';

import { type EngineLogLevel, lineLogger } from './line-logger.js';
import { logOutput } from './log-output.js';
import { pinoLogger } from './pino-logger.js';

const muchLog = fileURLToPath(new URL('./much-log.fixture.ts', import.meta.url));

let dir = '';
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'kb-log-'));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
});

async function logged(level: EngineLogLevel): Promise<Record<string, unknown>[]> {
  const file = join(dir, 'log');
  const output = logOutput(openSync(file, 'w'));
  const logger = pinoLogger(level, output);
  logger.debug('one');
  logger.info('two', { runId: 'run_1', problem: 'a\nb' });
  logger.warn('three');
  logger.error('four', { message: 'a field' });
  await output.close();
  return readFileSync(file, 'utf8').split('\n').filter((line) => line !== '').map((line) => JSON.parse(line) as Record<string, unknown>);
}

describe('the log of a daemon', () => {
  it('is a JSON object a line, everything written when it is closed', async () => {
    const lines = await logged('debug');
    expect(lines.map(({ level }) => level)).toEqual(['debug', 'info', 'warn', 'error']);
    expect(lines[1]).toEqual({ level: 'info', time: expect.stringMatching(/^20.*Z$/) as string, pid: process.pid, runId: 'run_1', problem: 'a\nb', message: 'two' });
  });

  it('holds no key', () => {
    const key = `kb_0mk2v9x1a3f9c2d4e1a_${'S'.repeat(43)}`;
    let text = '';
    const logger = pinoLogger('info', { write: (line) => void (text += line) });
    logger.info(`sent ${key}`, { problem: `Authorization: Bearer ${key}`, nested: [{ key }] });
    lineLogger('info', (line) => (text += line), () => 0).error(`sent ${key}`, { problem: key });
    expect(text.split('kb_0mk2v9x1a3f9c2d4e1a_***')).toHaveLength(6);
    expect(text).not.toContain('SSS');
  });

  it.each<[EngineLogLevel, number]>([
    ['warn', 2],
    ['silent', 0],
  ])('keeps to its level: %s', async (level, count) => {
    expect(await logged(level)).toHaveLength(count);
  });

  it('goes on when the disk of its file is full, and keeps nobody from ending', async ({ skip }) => {
    if (!existsSync('/dev/full')) skip('needs /dev/full');
    const child = spawnSource(muchLog, [], { stdio: ['ignore', openSync('/dev/full', 'w'), 'inherit'] });
    expect(await new Promise((resolve) => child.once('exit', resolve))).toBe(7);
  });

  it('reaches whoever reads a pipe, to the last line', async () => {
    const child = spawnSource(muchLog, []);
    let text = '';
    child.stdout?.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
    expect(await new Promise((resolve) => child.once('close', resolve))).toBe(7);
    expect(text.split('\n')).toHaveLength(2_001);
  });

  it('does not wait for a reader that is stuck, neither while it logs nor when it is closed', async () => {
    const child = spawnSource(muchLog, []);
    // Nothing reads its output.
    expect(await new Promise((resolve) => child.once('exit', resolve))).toBe(7);
  });
});
