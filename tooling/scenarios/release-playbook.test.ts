import { execFile } from 'node:child_process';
import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

import type { FlowView } from '@kb-labs/contracts';
import { afterAll, describe, expect, it } from 'vitest';

import { DaemonProcess } from './daemon.fixture.js';
import { Project } from './project.fixture.js';

const project = new Project();
project.copy('examples/release-playbook', '.');
const [program, words] = project.command([]);
project.write('bin/kb', `#!/bin/sh\nexec '${[program, ...words].join("' '")}' "$@"\n`);
chmodSync(join(project.dir, 'bin/kb'), 0o755);
afterAll(() => project.remove());

const [byHand = '', byRest = ''] = readFileSync(join(project.dir, 'README.md'), 'utf8').split('## By REST');

/** What a part of the README has one type, in one shell that stops at the first failure. */
async function type(part: string, env: NodeJS.ProcessEnv = {}): Promise<string> {
  const script = [...part.matchAll(/```sh\n([\s\S]*?)```/g)].map(([, text = '']) => text).join('\n');
  const path = `${join(project.dir, 'bin')}:${process.env['PATH'] ?? ''}`;
  const { stdout } = await promisify(execFile)('sh', ['-eu', '-c', script], { cwd: project.dir, env: { ...project.env, ...env, PATH: path } });
  return stdout;
}

describe('a release by a playbook, in the words of its README', () => {
  it('goes from the manifest to a checked export by the command line, with no daemon', async () => {
    const said = await type(byHand);
    expect(said).toMatch(/waiting\n[\s\S]*\nsucceeded\n[\s\S]*intact  release-1\.4\.0  succeeded/);
    const flow = await project.json<FlowView>('flows', 'get', 'release-1.4.0');
    expect(flow).toMatchObject({ status: 'succeeded', workflow_id: 'release-playbook', contract: { missing_evidence: [], tools: { enforced: true, used: ['shell'], violations: [] } } });
    expect(flow.phase_states.map(({ phase_id, status }) => [phase_id, status])).toEqual([['check', 'completed'], ['approve', 'completed'], ['publish', 'completed']]);
    expect(flow.evidence_refs.map(({ kind, basis }) => [kind, basis]).toSorted()).toEqual([['approval', 'known'], ['artifact', 'known'], ['review', 'attestation']]);
  }, 120_000);

  it('is found altered when one byte of the export is another', async () => {
    const text = readFileSync(join(project.dir, 'flow.json'), 'utf8');
    writeFileSync(join(project.dir, 'altered.json'), text.replace('the notes are fine', 'the notes are fine?'));
    const checked = await project.kb('flows:verify', 'altered.json', '--json');
    expect([checked.code, JSON.parse(checked.stdout)]).toMatchObject([1, { ok: false, flow_id: 'release-1.4.0' }]);
    expect((await project.kb('flows', 'verify', 'flow.json')).code).toBe(0);
  });

  it('goes the same way by REST, and both say the same', async () => {
    const daemon = await DaemonProcess.start(project);
    try {
      const said = await type(byRest, { KB_GATEWAY: daemon.url });
      expect(said).toMatch(/^active\nidle\n/);
      expect(said).toContain('event: end');
      expect(said).toMatch(/succeeded\n[^\n]*intact  release-1\.4\.1  succeeded/);
      const { key } = await project.json<{ key: string }>('auth:create-key', '--role=viewer');
      const answer = await fetch(`${daemon.url}/v1/flows/release-1.4.1`, { headers: { authorization: `Bearer ${key}` } });
      const text = await answer.text();
      expect((await project.kb('flows', 'get', 'release-1.4.1', '--json')).stdout, 'what the command prints is what the route answers').toBe(`${text}\n`);
      expect(JSON.parse(text)).toMatchObject({ status: 'succeeded', session_id: 'spring' });
    } finally {
      await daemon.kill('SIGTERM');
    }
  }, 120_000);
});
