import { execFileSync } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

import type { AuditEntry, Page, RunView } from '@kb-labs/contracts';
import { afterEach, describe, expect, it } from 'vitest';

import { newCanary } from '../../packages/engine/src/secret-canary.fixture.js';
import { DaemonProcess } from './daemon.fixture.js';
import { bytesBelow, count, leakyProject, remove } from './leaky.fixture.js';
import { Project } from './project.fixture.js';

const canary = newCanary();
const closing: (() => void)[] = [];
afterEach(() => {
  for (const close of closing.splice(0).toReversed()) close();
});

/** The project that leaks, without what waits for others, driven by the built command line. */
function newProject(env: NodeJS.ProcessEnv = {}): Project {
  const leaky = leakyProject(canary, { declared: true });
  const project = new Project({}, { KB_SECRET_NOTHING: 'not-to-be-seen', ...env });
  for (const path of ['.kb/kb.config.yaml', '.kb/workflows/child.yml', 'forms.json', 'leak.mjs', 'leaky/package.json', 'leaky/kb.plugin.json', 'leaky/handlers.js']) project.write(path, readFileSync(join(leaky, path)));
  project.write('.kb/workflows/leaks.yml', readFileSync(join(leaky, '.kb/workflows/leaks.yml'), 'utf8').replace(/ {2}approval:[^]*$/, ''));
  remove(leaky);
  closing.push(() => project.remove());
  return project;
}

function setSecret(project: Project, name: string, value: string): string {
  const [program, args] = project.command(['secret:set', name]);
  return execFileSync(program, args, { cwd: project.dir, env: project.env, input: value, encoding: 'utf8', stdio: ['pipe', 'pipe', 'pipe'] });
}

describe('a secret that is kept in the project', () => {
  it.each([['a command', false], ['a daemon', true]])('goes to the steps that %s runs, and nowhere else', async (_, withDaemon) => {
    const project = newProject();
    expect(setSecret(project, 'CANARY', `${canary.value}\n`)).toBe('✓ kept  CANARY\n');
    expect(statSync(join(project.dir, '.kb/secrets.enc')).mode & 0o777).toBe(0o600);
    const daemon = withDaemon ? await DaemonProcess.start(project, '--log-level=debug') : undefined;
    const ran = await project.kb('workflow:run', '--workflow-id=leaks');
    expect(ran.code).toBe(0);
    const [run] = (await project.json<Page<RunView>>('workflow:list-runs', '--workflow-id=leaks')).items;
    const id = `--run-id=${run?.id ?? ''}`;
    const answers = [ran, await project.kb('workflow:status', id, '--json'), await project.kb('workflow:logs', id), await project.kb('workflow:explain', id), await project.kb('workflow:artifacts', id), await project.kb('audit:list', '--json'), await project.kb('secret:list')];
    expect(answers.map(({ code }) => code)).toEqual(answers.map(() => 0));
    await daemon?.kill('SIGTERM');
    const shown = Buffer.from([...answers.map(({ stdout, stderr }) => stdout + stderr), daemon?.said ?? ''].join('\n'));
    expect([count(canary, shown), count(canary, bytesBelow(join(project.dir, '.kb')))]).toEqual([{}, {}]);
    expect(shown.includes('***')).toBe(true);
    const { items } = JSON.parse(answers[5]?.stdout ?? '') as Page<AuditEntry>;
    expect(items.filter(({ action }) => action === 'secret.use').map(({ details }) => details['step']).toSorted()).toEqual(['e', 'leak', 'leak', 'plugin', 'thrown']);
  }, 60_000);
});
