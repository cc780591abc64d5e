import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import type { JsonObject } from '@kb-labs/contracts';
import { describe, expect, it } from 'vitest';

import { TailBuffer } from '../process-tree/tail-buffer.js';
import { temporaryFolder } from '../step-call.fixture.js';
import { scriptOutputs, type ScriptOutputs, TAIL_BYTES } from './finish-script.js';

interface Case {
  readonly id: string;
  readonly payload?: string;
  readonly base64?: string;
  readonly generator?: readonly (string | { readonly repeat: string; readonly times: number })[];
  readonly expect: 'reject' | 'literal';
  readonly code?: string;
  readonly line?: number;
  readonly values?: JsonObject;
}

const CASES = JSON.parse(readFileSync(new URL('../../../../tooling/fixtures/hostile/outputs.json', import.meta.url), 'utf8')) as Case[];
const TRUE_EXIT = { exitCode: 7 };
const TRUE = { stdout: 'what it printed', stderr: 'what it complained', exitCode: 7 };

describe('what a script writes to $KB_OUTPUT', () => {
  it.each(CASES)('$id: nothing of the engine is forged', async (hostile) => {
    const { outputs, error } = await accept(bytesOf(hostile));
    expect(outputs).toMatchObject(TRUE);
    if (hostile.expect === 'literal') {
      expect(error).toBeUndefined();
      expect(outputs).toEqual({ ...hostile.values, ...TRUE });
    } else {
      expect(error?.code).toBe(hostile.code);
      expect(outputs).toEqual(TRUE);
      if (hostile.line !== undefined) expect(error?.details).toMatchObject({ line: hostile.line });
    }
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
    expect(Object.getPrototypeOf(outputs)).toBe(Object.prototype);
  });

  it('covers enough ways to forge', () => {
    expect(CASES.filter((hostile) => hostile.expect === 'reject').length).toBeGreaterThanOrEqual(60);
    expect(new Set(CASES.map(({ id }) => id)).size).toBe(CASES.length);
  });

  it('would be seen to be forged by a reader that trusts it', () => {
    const forged = CASES.filter((hostile) => hostile.id.startsWith('outputs-forge-')).filter((hostile) => {
      const outputs = naive(bytesOf(hostile).toString('utf8'));
      return Object.keys(TRUE).some((name) => outputs[name] !== TRUE[name as keyof typeof TRUE]);
    });
    expect(forged.length).toBeGreaterThan(15);
  });

  it('does not repeat in an error what it could not read', async () => {
    for (const text of ['a=1\nhunter2\n', 'hunter2=x y<<\n__proto__=hunter2\n', '{"hunter2": hunter2}\n', 'hunter2 <<EOF\n', 'x<<hunter2\n', 'hunter2/+==\n']) {
      const { error } = await accept(Buffer.from(text));
      expect(error?.code).toBe('OUTPUT_INVALID');
      expect(JSON.stringify(error)).not.toContain('hunter2');
    }
  });
});

async function accept(bytes: Buffer): Promise<ScriptOutputs> {
  using folder = temporaryFolder();
  const file = join(folder.path, 'output');
  writeFileSync(file, bytes);
  const tails = { stdout: new TailBuffer(TAIL_BYTES), stderr: new TailBuffer(TAIL_BYTES) };
  tails.stdout.push(Buffer.from(TRUE.stdout));
  tails.stderr.push(Buffer.from(TRUE.stderr));
  return await scriptOutputs(file, TRUE_EXIT, tails);
}

function bytesOf({ payload, base64, generator }: Case): Buffer {
  if (base64 !== undefined) return Buffer.from(base64, 'base64');
  const parts = generator ?? [payload ?? ''];
  return Buffer.from(parts.map((part) => (typeof part === 'string' ? part : part.repeat.repeat(part.times))).join(''));
}

/** Copies what it reads over what it knows. */
function naive(text: string): Record<string, unknown> {
  const outputs: Record<string, unknown> = { ...TRUE };
  for (const line of text.split('\n')) {
    const equals = line.indexOf('=');
    if (line.startsWith('{')) Object.assign(outputs, JSON.parse(line));
    else if (equals > 0) outputs[line.slice(0, equals)] = line.slice(equals + 1);
  }
  return outputs;
}
