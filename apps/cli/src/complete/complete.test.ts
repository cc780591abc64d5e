import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { PluginCommand } from '@kb-labs/contracts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { visibleCommands } from '../command-table.js';
import { completeWords, type Values } from './complete-words.js';
import { completionScript, SHELLS } from './scripts.js';

const diff: PluginCommand = {
  id: 'git:diff',
  describe: 'Show changes.',
  input: { type: 'object', properties: { base: { type: 'string' }, level: { type: 'string', enum: ['fast', 'full'] } } },
  output: {},
  permissions: {},
  handler: './x.js#default',
};
const values: Values = {
  workflows: () => Promise.resolve([{ value: 'hello', about: '' }, { value: 'review', about: 'AI review' }]),
  runs: () => Promise.resolve([{ value: 'run_1', about: 'hello, success' }]),
  pluginCommands: () => Promise.resolve([diff]),
};

async function complete(...words: string[]): Promise<string[]> {
  return (await completeWords(words, values)).map(({ value }) => value);
}

describe('completeWords', () => {
  it('offers commands, those of plugins too, and what follows a group', async () => {
    expect(await complete('')).toEqual([...visibleCommands(), 'git:diff']);
    expect(await complete('workflow:l')).toEqual(['workflow:list-runs', 'workflow:logs', 'workflow:list']);
    expect(await complete('workflow', 'ca')).toEqual(['cancel', 'callback']);
    expect(await complete('git', '')).toEqual(['diff']);
  });

  it('offers options and values', async () => {
    expect(await complete('workflow:run', '--wor')).toEqual(['--workflow-id=']);
    expect(await complete('workflow:run', '--workflow-id=')).toEqual(['--workflow-id=hello', '--workflow-id=review']);
    expect(await complete('workflow:run', '--workflow-id', 're')).toEqual(['review']);
    expect(await complete('workflow', 'status', '--run-id=')).toEqual(['--run-id=run_1']);
    expect(await complete('workflow:list-runs', '--status', 'fa')).toEqual(['failed']);
    expect(await complete('git:diff', '--le')).toEqual(['--level=']);
    expect(await complete('git:diff', '--level=f')).toEqual(['--level=fast', '--level=full']);
    expect(await complete('completion', '')).toEqual(['bash', 'zsh', 'fish']);
  });

  it('leaves paths to the shell', async () => {
    expect(await complete('workflow:validate', '.kb/')).toEqual([':files']);
    expect(await complete('workflow:run', '--input-file=')).toEqual([':files']);
    expect(await complete('workflow:list', '--project', 'x')).toEqual([':folders']);
  });

  it('offers nothing where nothing is known', async () => {
    expect(await complete('no:such', '')).toEqual([]);
    expect(await complete('workflow:logs', '--job=')).toEqual([]);
    expect(await complete('workflow:validate', '--', '')).toEqual([]);
  });
});

describe('completionScript', () => {
  it.each(SHELLS)('is read by %s without complaint', (shell) => {
    const present = spawnSync(shell, ['-c', 'true']).status === 0;
    if (!present) {
      expect(completionScript(shell)).toContain('kb __complete');
      return;
    }
    const checked = spawnSync(shell, ['-n'], { input: completionScript(shell), encoding: 'utf8' });
    expect(checked.stderr).toBe('');
    expect(checked.status).toBe(0);
  });

  it('is not read when it is broken', () => {
    expect(spawnSync('bash', ['-n'], { input: `${completionScript('bash')}\nif`, encoding: 'utf8' }).status).not.toBe(0);
  });
});

describe('in bash', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'kb-complete-'));
    // Stands in for the program: answers with the words it was asked with, and candidates for them.
    writeFileSync(join(folder, 'kb'), '#!/bin/sh\necho "$*" >> "$KB_ASKED"\nprintf "workflow:run\\tStart\\nworkflow:list\\tList\\n--workflow-id=hello\\t\\n" | grep "^$(for last; do :; done; printf %s "$last")"\n');
    chmodSync(join(folder, 'kb'), 0o755);
  });
  afterAll(() => {
    rmSync(folder, { recursive: true });
  });

  function completions(line: string, words: readonly string[]): string[] {
    const quoted = words.map((word) => `'${word}'`).join(' ');
    const script = `${completionScript('bash')}\nCOMP_LINE='${line}' COMP_POINT=${String(line.length)} COMP_WORDS=(${quoted}) COMP_CWORD=${String(words.length - 1)}; _kb; printf '%s\\n' "\${COMPREPLY[@]}"`;
    return execFileSync('bash', ['--norc', '-c', script], { encoding: 'utf8', env: { PATH: `${folder}:${process.env['PATH'] ?? ''}`, KB_ASKED: join(folder, 'asked') } }).trim().split('\n');
  }

  it('answers only what comes after the last ":" or "=", which is what bash replaces', () => {
    expect(completions('kb workfl', ['kb', 'workfl'])).toEqual(['workflow:run', 'workflow:list']);
    expect(completions('kb workflow:r', ['kb', 'workflow', ':', 'r'])).toEqual(['run']);
    expect(completions('kb workflow:run --workflow-id=h', ['kb', 'workflow', ':', 'run', '--workflow-id', '=', 'h'])).toEqual(['hello']);
  });
});
