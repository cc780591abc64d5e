import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { afterAll, describe, expect, it } from 'vitest';

import { Project } from './project.fixture.js';

const project = new Project();
project.copy('examples/release-playbook', '.');
afterAll(() => project.remove());

describe('a flow whose daemon is killed while a person and a check are waited for', () => {
  it('stands where it stood, tells what was cut off, and succeeds once somebody agrees', async () => {
    const KB = JSON.stringify(project.command([]).flat());
    await promisify(execFile)(process.execPath, ['survive-restart.mjs'], { cwd: project.dir, env: { ...project.env, KB } });
    const verdict: unknown = JSON.parse(readFileSync(join(project.dir, 'verdict.json'), 'utf8'));
    const checks = [
      'with the daemon gone the flow waits for the same approval',
      'with the daemon gone what the check had printed is readable',
      'the try that was cut off is on record as interrupted',
      'its partial output stands beside that of the second try',
      'the approval is still pending, and is the same one',
      'the artifact that needs the approval does not exist',
      'after the approval the artifact exists',
      'without its evidence the flow waits, and names it',
      'with its evidence the flow has succeeded',
      'all of its evidence is linked',
    ];
    expect(verdict).toEqual({ holds: true, flow_id: 'survives', status: 'succeeded', checks: checks.map((check) => ({ check, holds: true })) });
  }, 120_000);
});
