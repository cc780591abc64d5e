import { chmodSync, existsSync } from 'node:fs';
import { join } from 'node:path';

import { afterEach, beforeEach, expect, it } from 'vitest';

import { makeProject, type Project } from './project.fixture.js';

let project: Project;
beforeEach(() => {
  project = makeProject();
});
afterEach(() => {
  project.dispose();
});

const run = (script: string, more: object = {}) => ({ target: { type: 'command' as const, program: 'node', args: ['-e', script], ...more } });
const printed = (ctx: ReturnType<Project['ctx']>): string[] => ctx.lines.map(({ text }) => text);

it('tells the program what is deployed, and notes what it says', async () => {
  const ctx = project.ctx({ idempotencyKey: 'key', run: { job: 'ship' } });
  const script = `for (const [name, value] of Object.entries(process.env)) if (/^(KB_DEPLOY_|OWN)/.test(name)) console.log(name + '=' + value); console.error('warned')`;
  const result = await project.push({ ...run(script, { source: 'dist', env: { OWN: 'a $(b) c' } }), version: 'v1', url: 'https://example.org/' }, ctx);
  expect(result).toMatchObject({ target: 'command', previous: null, changed: true, repeated: false, files: 4, bytes: 17, url: 'https://example.org/' });
  expect(printed(ctx)).toEqual(
    expect.arrayContaining([
      'OWN=a $(b) c',
      `KB_DEPLOY_RELEASE=${result.release}`,
      `KB_DEPLOY_KEY=${result.release.slice(-12)}`,
      'KB_DEPLOY_VERSION=v1',
      'KB_DEPLOY_URL=https://example.org/',
      `KB_DEPLOY_SOURCE=${join(project.workspace, 'dist')}`,
      expect.stringMatching(/^KB_DEPLOY_DIGEST=sha256:[0-9a-f]{64}$/),
      'KB_DEPLOY_JOB=ship',
      'warned',
    ]),
  );
  expect(printed(ctx).join('\n')).not.toContain('KB_DEPLOY_COMMIT');
});

it('needs no source, and starts a program of the workspace without a shell in between', async () => {
  project.write('ship it.sh', '#!/bin/sh\nprintf "%s|" "$@"\n');
  chmodSync(join(project.workspace, 'ship it.sh'), 0o755);
  const ctx = project.ctx();
  const result = await project.push({ target: { type: 'command', program: './ship it.sh', args: ['a b', '$(touch canary)', '; touch canary', '--x\ny'] } }, ctx);
  expect(result).toMatchObject({ files: null, bytes: null });
  expect(printed(ctx)).toEqual(['a b|$(touch canary)|; touch canary|--x', 'y|']);
  expect(existsSync(join(project.workspace, 'canary'))).toBe(false);
});

it('fails as the program does, and a later try can succeed; the key is the same', async () => {
  const script = `console.log(process.env.KB_DEPLOY_KEY); process.exit(require('fs').existsSync('ready') ? 0 : 7)`;
  const tries = [project.ctx({ idempotencyKey: 'same' }), project.ctx({ idempotencyKey: 'same' })] as const;
  const failed = project.push(run(script), tries[0]);
  await expect(failed).rejects.toMatchObject({ code: 'DEPLOY_COMMAND_FAILED', details: { exitCode: 7 } });
  await expect(failed).rejects.not.toHaveProperty('kbRetry');
  project.write('ready', '');
  await project.push(run(script), tries[1]);
  expect(printed(tries[0])).toEqual(printed(tries[1]));
});

it('runs nothing when the source is not fit to be deployed', async () => {
  await expect(project.push(run(`require('fs').writeFileSync('canary', '')`, { source: 'missing' }))).rejects.toMatchObject({ code: 'SOURCE_MISSING' });
  expect(existsSync(join(project.workspace, 'canary'))).toBe(false);
});

it('is ended with the step', async () => {
  const stop = new AbortController();
  const ctx = project.ctx({ signal: stop.signal });
  const heard = { ...ctx, log: { ...ctx.log, info: () => stop.abort(new Error('cancelled')) } };
  await expect(project.push(run(`console.log('started'); setInterval(() => {}, 1000)`), heard)).rejects.toThrow('cancelled');
});
