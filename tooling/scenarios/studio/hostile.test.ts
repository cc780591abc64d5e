import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { Canary } from './canary.fixture.js';
import { hostileProject } from './hostile.fixture.js';
import { browserPayloads } from './payloads.js';
import { Studio } from './studio.fixture.js';

let canary: Canary;
let studio: Studio;
let run: { id: string };
const payloads = () => browserPayloads(canary.url);

beforeAll(async () => {
  canary = await Canary.open();
  studio = await Studio.open({ files: hostileProject(payloads()) });
  await canary.watch(studio.page);
  const { project } = studio;
  run = await project.json('workflow:run', '--workflow-id=hostile', '--detach');
  const { digest } = await project.json<{ digest: string }>('playbooks', 'create', '--manifest-file', 'playbook.json');
  const [evidence = ''] = payloads().map(({ payload }) => payload);
  await project.json('playbooks', 'publish', 'hostile', '--version', '1.0.0', '--digest', digest, '--status', 'active', '--evidence-refs-json', JSON.stringify([{ kind: 'review', id: evidence, description: evidence }]));
  await project.json('sessions', 'create', 'line', '--title', evidence);
  project.write('request.json', JSON.stringify({ inputs: {} }));
  await project.json('flows', 'start', '--playbook-id', 'hostile', '--version', '1.0.0', '--digest', digest, '--session-id', 'line', '--request-file', 'request.json', '--flow-id', 'flow');
  await project.json('auth:create-key', '--role=viewer', `--name=${evidence}`);
}, 120_000);
afterAll(async () => {
  await studio.close();
  await canary.close();
});

const RUN_TABS = ['log', 'graph', 'timeline', 'artifacts', 'data', 'events', 'why', 'document'];
const ARTIFACTS = ['markdown', 'table', 'issues', 'diff', 'json', 'log', 'link'];

function artifactAt(type: string): string {
  return `/runs/${run.id}?tab=artifacts&artifact=${encodeURIComponent(`show/show/a-${type}`)}`;
}

/** Every page, with everything on it that there is to see. */
function places(): string[] {
  const ofRun = `/runs/${run.id}`;
  return [
    '/runs',
    ...RUN_TABS.map((tab) => `${ofRun}?tab=${tab}`),
    ...ARTIFACTS.map(artifactAt),
    '/workflows',
    ...['overview', 'run', 'source', 'triggers', 'runs'].map((tab) => `/workflows/hostile?tab=${tab}`),
    '/schedules',
    '/approvals',
    '/playbooks',
    ...['manifest', 'versions', 'diff', 'history'].map((tab) => `/playbooks/hostile?tab=${tab}`),
    '/flows',
    ...['contract', 'runs', 'evidence', 'events', 'record'].map((tab) => `/flows/flow?tab=${tab}`),
    '/sessions',
    '/sessions/line',
    '/plugins',
    '/deliveries',
    '/settings',
  ];
}

describe('what runs, documents and playbooks say', () => {
  it('is text on every page: nothing of it is run, asked for or followed', async () => {
    expect(payloads().length).toBeGreaterThanOrEqual(120);
    const armed: string[] = [];
    for (const place of places()) {
      await studio.goto(place);
      armed.push(...(await canary.armed(studio.page)).map((what) => `${place}: ${what}`));
    }
    expect({ armed, heard: canary.heard, complaints: studio.complaints }).toEqual({ armed: [], heard: [], complaints: [] });
  }, 300_000);

  it('is there, to be read', async () => {
    const [first] = payloads();
    await studio.goto(`/runs/${run.id}?tab=log`);
    await studio.page.getByText(String(first?.payload), { exact: false }).first().waitFor();
    for (const type of ARTIFACTS) {
      await studio.goto(artifactAt(type));
      await studio.page.locator(`[data-artifact="show/show/a-${type}"]`).getByText(type === 'link' ? 'javascript:' : "__run('browser-", { exact: false }).first().waitFor();
    }
  }, 60_000);

  it('would be found out if it were not text', async () => {
    const control = await studio.context.newPage();
    const other = await Canary.open();
    await other.watch(control);
    await control.goto(other.empty);
    await control.evaluate(
      (texts) => {
        for (const text of texts) document.body.append(document.createRange().createContextualFragment(text));
      },
      // These would take the page away from under the check.
      browserPayloads(other.url).map(({ payload }) => payload).filter((payload) => !/http-equiv|<form|<base/.test(payload)),
    );
    await expect.poll(() => new Set(other.heard.filter((what) => what.startsWith('ran '))).size, { timeout: 10_000 }).toBeGreaterThan(20);
    await expect.poll(() => new Set(other.heard.filter((what) => what.startsWith('asked for '))).size, { timeout: 10_000 }).toBeGreaterThan(5);
    expect((await other.armed(control)).length).toBeGreaterThan(50);
    await control.close();
    await other.close();
  }, 60_000);
});
