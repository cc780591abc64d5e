import { createHmac } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { repository } from '../project.fixture.js';
import type { Studio } from './studio.fixture.js';

const example = (path: string): string => readFileSync(join(repository, 'examples', path), 'utf8');

const SECRET = 'known to both sides';
export const ENV = { KB_SECRET_SHIP_SECRET: SECRET };

/** A project with something on every page. */
export const FILES = {
  '.kb/workflows/release-playbook.yml': example('release-playbook/.kb/workflows/release-playbook.yml'),
  '.kb/workflows/release-check.yml': example('release-playbook/.kb/workflows/release-check.yml'),
  'playbooks/release.yml': example('release-playbook/playbooks/release.yml'),
  '.kb/workflows/ship.yml': `
id: ship
name: Check, build and ship
version: "2.1.0"
description: What every push to main goes through.
on:
  manual: true
  push: { branches: [main] }
  schedule: [{ cron: "0 6 * * 1-5", timezone: Europe/Vienna, catchup: last, overlap: skip }]
  webhook: { source: github, events: ["release.published"], secret: SHIP_SECRET }
inputs:
  target: { type: choice, options: [staging, production], default: staging, description: Where it goes }
  notes: { type: string, description: What people are told }
permissions: { shell: true }
phases: { check: { label: Check }, build: { label: Build }, ship: { label: Ship } }
jobs:
  lint:
    steps: [{ id: lint, name: Look for mistakes, phase: check, run: 'printf "\\033[32mno problems\\033[0m in 214 files\\n"' }]
  test:
    strategy: { matrix: { node: [22, 24], store: [embedded, redis] } }
    steps:
      - { id: install, run: 'echo "installing for node $NODE"', env: { NODE: "\${{ matrix.node }}" } }
      - { id: test, name: Tests, phase: check, run: 'for i in $(seq 40); do printf "\\033[32m ok \\033[0m case %s of $STORE\\n" $i; done', env: { STORE: "\${{ matrix.store }}" } }
  build:
    needs: [lint, test]
    steps:
      - id: build
        name: Build the release
        phase: build
        run: |
          echo "built 12 packages"
          { echo "report<<KB_END"; printf '## What is in it\\n\\n| package | kB |\\n|---|---|\\n| engine | 41 |\\n| gateway | 33 |\\n\\n- two fixes\\n- **one** new command\\n'; echo KB_END; } >> "$KB_OUTPUT"
          { echo 'findings<<KB_END'; echo '[{"file":"src/a.ts","line":12,"severity":"warning","rule":"no-leftovers","message":"a leftover"},{"file":"src/b.ts","line":3,"severity":"error","rule":"types","message":"string is no number"}]'; echo KB_END; } >> "$KB_OUTPUT"
        artifacts: { report: { type: markdown, source: outputs.report, label: What is in it }, findings: { type: issues, source: outputs.findings, label: Findings } }
  approve:
    needs: [build]
    steps: [{ id: ok, name: Somebody agrees, phase: ship, uses: "builtin:approval", with: { title: "Ship it to \${{ inputs.target }}?", instructions: "Look at **the report** first.", context: { version: 2.1.0 }, form: { type: object, properties: { note: { type: string, title: Note } } } } }]
  ship:
    needs: [approve]
    steps: [{ id: ship, phase: ship, run: 'echo shipped' }]
`,
  '.kb/workflows/broken.yml': 'id: broken\njobs:\n  a:\n    needs: [b]\n    steps: [{ run: true }]\n',
  '.kb/workflows/fails.yml': 'id: fails\npermissions: { shell: true }\njobs:\n  a:\n    steps: [{ id: x, run: "echo before; echo the disk is full >&2; exit 4" }]\n  b:\n    needs: [a]\n    steps: [{ run: "echo never" }]\n',
};

/** Puts something on every page, and answers where these are. */
export async function fill({ project, url }: Studio): Promise<{ readonly name: string; readonly path: string }[]> {
  const failed = await project.json<{ id: string }>('workflow:run', '--workflow-id=fails');
  const ship = await project.json<{ id: string }>('workflow:run', '--workflow-id=ship', '--detach');
  const { digest } = await project.json<{ digest: string }>('playbooks', 'create', '--manifest-file', 'playbooks/release.yml');
  project.write('playbooks/next.yml', FILES['playbooks/release.yml'].replace('version: 1.0.0', 'version: 1.1.0').replace('title: Release a version', 'title: Release a version with care'));
  await project.json('playbooks', 'create', '--manifest-file', 'playbooks/next.yml');
  await project.json('playbooks', 'publish', 'release', '--version', '1.0.0', '--digest', digest, '--status', 'active', '--evidence-refs-json', '[{"kind":"review","id":"PR-12"}]');
  await project.json('sessions', 'create', 'spring');
  project.write('request.json', '{"inputs":{"version":"1.4.0"}}');
  await project.json('flows', 'start', '--playbook-id', 'release', '--version', '1.0.0', '--digest', digest, '--session-id', 'spring', '--request-file', 'request.json', '--flow-id', 'release-1.4.0');
  await project.json('auth:create-key', '--role=viewer', '--name=dashboard');
  await deliver(url);
  await until(async () => (await project.json<{ items: unknown[] }>('approvals', 'list', '--status=pending')).items.length >= 1 && (await project.json<{ status: string }>('workflow:status', `--run-id=${ship.id}`)).status === 'waiting');
  const tabs = ['log', 'graph', 'timeline', 'artifacts', 'data', 'events', 'why', 'document'].map((tab) => ({ name: `run-${tab}`, path: `/runs/${ship.id}?tab=${tab}` }));
  const workflow = ['overview', 'run', 'source', 'triggers', 'runs'].map((tab) => ({ name: `workflow-${tab}`, path: `/workflows/ship?tab=${tab}` }));
  const playbook = ['manifest', 'versions', 'history'].map((tab) => ({ name: `playbook-${tab}`, path: `/playbooks/release?tab=${tab}` }));
  const flow = ['contract', 'runs', 'evidence', 'events', 'record'].map((tab) => ({ name: `flow-${tab}`, path: `/flows/release-1.4.0?tab=${tab}` }));
  return [
    { name: 'runs', path: '/runs' },
    ...tabs,
    { name: 'run-failed', path: `/runs/${failed.id}?tab=log` },
    { name: 'run-artifact', path: `/runs/${ship.id}?tab=artifacts&artifact=${encodeURIComponent('build/build/report')}` },
    { name: 'workflows', path: '/workflows' },
    ...workflow,
    { name: 'schedules', path: '/schedules' },
    { name: 'approvals', path: '/approvals' },
    { name: 'playbooks', path: '/playbooks' },
    ...playbook,
    { name: 'playbook-differences', path: '/playbooks/release?tab=diff&from=1.0.0&to=1.1.0' },
    { name: 'flows', path: '/flows' },
    ...flow,
    { name: 'sessions', path: '/sessions' },
    { name: 'session', path: '/sessions/spring' },
    { name: 'plugins', path: '/plugins' },
    { name: 'deliveries', path: '/deliveries' },
    { name: 'settings', path: '/settings' },
  ];
}

/** A delivery that is accepted and starts nothing: GitHub's greeting. */
async function deliver(url: string): Promise<void> {
  const body = JSON.stringify({ zen: 'Keep it logically awesome.', hook_id: 1 });
  const signature = `sha256=${createHmac('sha256', SECRET).update(body).digest('hex')}`;
  const answer = await fetch(`${url}/api/v1/webhooks/github`, { method: 'POST', headers: { 'content-type': 'application/json', 'x-github-event': 'ping', 'x-github-delivery': '72d3162e-cc78-11e3-81ab-4c9367dc0958', 'x-hub-signature-256': signature }, body });
  if (!answer.ok) throw new Error(`the delivery was answered ${String(answer.status)}: ${await answer.text()}`);
}

async function until(holds: () => Promise<boolean>): Promise<void> {
  while (!(await holds())) await new Promise((resolve) => setTimeout(resolve, 100));
}
