import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { Studio } from './studio.fixture.js';

const WORKFLOWS = {
  '.kb/workflows/greet.yml': `
id: greet
name: Greet somebody
permissions: { shell: true }
inputs:
  name: { type: string, required: true, description: Who is greeted }
  loud: { type: boolean, default: false }
jobs:
  say:
    steps:
      - { id: begin, run: 'echo "begun for $NAME"', env: { NAME: "\${{ inputs.name }}" } }
      - { id: hold, run: 'while [ ! -e go ]; do sleep 0.05; done; for i in 1 2 3; do echo "needle $i"; done' }
  ask:
    needs: [say]
    outputs: { grade: "\${{ steps.ok.outputs.grade }}" }
    steps:
      - { id: ok, uses: "builtin:approval", with: { title: Is that polite?, form: { type: object, required: [grade], properties: { grade: { type: integer, minimum: 1, maximum: 5 } } } } }
  after:
    needs: [ask]
    steps:
      - { id: end, run: 'echo "graded $GRADE"', env: { GRADE: "\${{ needs.ask.outputs.grade }}" } }
`,
  '.kb/workflows/flaky.yml': `
id: flaky
permissions: { shell: true }
jobs:
  good:
    steps: [{ id: well, run: 'echo well >> good.log' }]
  bad:
    needs: [good]
    steps: [{ id: sometimes, run: 'test -e mended' }]
`,
  '.kb/workflows/long.yml': `
id: long
permissions: { shell: true }
jobs:
  wait:
    steps: [{ id: on, run: 'echo on; while true; do sleep 0.1; done' }]
`,
};

let studio: Studio;
beforeAll(async () => {
  studio = await Studio.open({ files: WORKFLOWS });
}, 60_000);
afterAll(() => studio.close());

/** In the header of the run; what steps and jobs are is told elsewhere too. */
const status = (words: string) => studio.page.locator('article').first().getByText(words, { exact: true }).first();

describe('in a browser', () => {
  it('a run is started from the form, watched, searched, approved, and ends', async () => {
    const { page, project } = studio;
    await studio.goto('/workflows/greet?tab=run');
    const form = page.getByRole('region', { name: 'Start a run' });
    await form.getByRole('button', { name: 'Run', exact: true }).click();
    await expect.poll(() => page.url(), { message: 'a form that is not filled in starts nothing' }).toContain('/workflows/greet');
    await form.getByRole('textbox', { name: /^name/i }).fill('Ada');
    await form.getByRole('button', { name: 'Run', exact: true }).click();
    await page.waitForURL(/\/studio\/runs\/run_/);

    // Its steps turn while it is looked at.
    await page.getByText('begun for Ada').waitFor();
    await status('running').waitFor();
    const steps = page.getByRole('navigation', { name: 'Steps' });
    await steps.getByText('hold').waitFor();
    writeFileSync(join(project.dir, 'go'), '');
    await page.getByText('needle 3').waitFor();
    await page.getByRole('button', { name: 'Decide' }).waitFor();

    await page.getByRole('textbox', { name: 'Search the log' }).fill('NEEDLE');
    await page.locator('[data-log-found="3"]').waitFor();

    await page.getByRole('button', { name: 'Decide' }).click();
    const approval = page.getByRole('region', { name: /Approval: Is that polite/ });
    await approval.getByRole('button', { name: 'Approve' }).click();
    await approval.getByText(/required/i).first().waitFor();
    await approval.getByRole('textbox', { name: /grade/i }).fill('5');
    await approval.getByRole('button', { name: 'Approve' }).click();
    await status('success').waitFor();
    await page.getByRole('textbox', { name: 'Search the log' }).fill('graded 5');
    await page.locator('[data-log-found="1"]').waitFor();
    expect(studio.complaints).toEqual([]);
  }, 90_000);

  it('a run is cancelled', async () => {
    const { page, project } = studio;
    const run = await project.json<{ id: string }>('workflow:run', '--workflow-id=long', '--detach');
    await studio.goto(`/runs/${run.id}`);
    await page.getByText('on', { exact: true }).first().waitFor();
    await page.getByRole('button', { name: 'Cancel', exact: true }).click();
    await page.getByRole('button', { name: 'Cancel the run' }).click();
    await status('cancelled').waitFor();
    expect((await project.json<{ status: string }>('workflow:status', `--run-id=${run.id}`)).status).toBe('cancelled');
  }, 60_000);

  it('what failed is run again, and what was well is kept', async () => {
    const { page, project } = studio;
    const { id } = await project.json<{ id: string }>('workflow:run', '--workflow-id=flaky');
    await studio.goto(`/runs/${id}`);
    await status('failed').waitFor();
    writeFileSync(join(project.dir, 'mended'), '');
    await page.getByRole('button', { name: 'Re-run' }).click();
    await page.getByRole('menuitem', { name: /What failed/ }).click();
    await page.waitForURL((url) => /\/runs\/run_/.test(url.pathname) && !url.pathname.endsWith(id));
    await status('success').waitFor();
    const run = await project.json<{ rerunOf: string; jobs: { key: string; keptFrom?: string }[] }>('workflow:status', `--run-id=${page.url().split('/').at(-1) ?? ''}`);
    expect(run.rerunOf).toBe(id);
    expect(run.jobs.map(({ key, keptFrom }) => [key, keptFrom])).toEqual([['good', id], ['bad', undefined]]);
    expect(existsSync(join(project.dir, 'good.log'))).toBe(true);
  }, 60_000);

  it('the list of runs is live, and filtered by its address', async () => {
    const { page, project } = studio;
    await studio.goto('/runs?workflowId=long');
    const rows = page.getByRole('row').filter({ hasText: 'long' });
    const before = await rows.count();
    const { id } = await project.json<{ id: string }>('workflow:run', '--workflow-id=long', '--detach');
    await expect.poll(() => rows.count()).toBe(before + 1);
    await rows.first().getByText('running').waitFor();
    await rows.first().getByRole('checkbox').check();
    await page.getByRole('button', { name: /^Cancel/ }).click();
    await page.getByRole('dialog').getByRole('button', { name: /^Cancel/ }).click();
    await rows.first().getByText('cancelled').waitFor();
    expect((await project.json<{ status: string }>('workflow:status', `--run-id=${id}`)).status).toBe('cancelled');
    await expect(page.getByRole('row').filter({ hasText: 'greet' }).count()).resolves.toBe(0);
  }, 60_000);

  it('a connection that breaks is told, and nothing is lost behind it', async () => {
    const { page, project } = studio;
    const { id } = await project.json<{ id: string }>('workflow:run', '--workflow-id=long', '--detach');
    await studio.goto(`/runs/${id}`);
    await page.getByText('on', { exact: true }).first().waitFor();
    await studio.stopDaemon('SIGKILL');
    await page.locator('[data-connection=lost]').waitFor();
    await studio.startDaemon();
    await page.locator('[data-connection=lost]').waitFor({ state: 'detached' });
    await project.json('workflow:cancel', `--run-id=${id}`);
    await status('cancelled').waitFor();
  }, 90_000);

  it('everything can be reached by keys', async () => {
    const { page } = studio;
    await studio.goto('/runs');
    await page.keyboard.press('g');
    await page.keyboard.press('w');
    await page.waitForURL(/\/studio\/workflows$/);
    await page.keyboard.press('?');
    await page.getByRole('dialog', { name: 'Keys' }).waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('dialog', { name: 'Keys' }).waitFor({ state: 'detached' });
    await page.keyboard.press('Control+k');
    await page.getByRole('textbox', { name: 'Search and commands' }).fill('run greet');
    await page.keyboard.press('Enter');
    await page.waitForURL(/\/studio\/workflows\/greet\?tab=run/);
  }, 60_000);

  it('whoever has no session signs in with a key, and does what that key may', async () => {
    const { page, project, context } = studio;
    const { key } = await project.json<{ key: string }>('auth:create-key', '--role=viewer', '--name=watcher');
    await context.clearCookies();
    await studio.goto('/workflows/long?tab=run');
    await page.getByRole('heading', { name: 'Sign in to Studio' }).waitFor();
    await page.getByLabel('Or with an API key').fill(`${key.slice(0, -4)}0000`);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByText('UNAUTHENTICATED').waitFor();
    await page.getByLabel('Or with an API key').fill(key);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.waitForURL(/\/studio\/runs$/);
    await studio.goto('/workflows/long?tab=run');
    const run = page.getByRole('region', { name: 'Start a run' }).getByRole('button', { name: 'Run', exact: true });
    expect(await run.getAttribute('aria-disabled')).toBe('true');
    await run.hover();
    await page.getByText('Your key does not have the permission "run"').waitFor();
    expect(await page.evaluate(() => JSON.stringify([{ ...localStorage }, { ...sessionStorage }]))).not.toContain(key);
  }, 60_000);

  it('a page that nobody looks at holds no stream, and is as it is now when it is looked at again', async () => {
    const { page, project } = studio;
    await studio.signIn(page);
    await studio.goto('/runs?workflowId=long');
    const rows = page.getByRole('row').filter({ hasText: 'long' });
    await rows.first().waitFor();
    const before = await rows.count();
    const ended = page.waitForEvent('requestfailed', (request) => request.url().includes('/workflows/runs?'));
    await page.evaluate(() => {
      Object.defineProperty(document, 'visibilityState', { value: 'hidden', configurable: true });
      document.dispatchEvent(new Event('visibilitychange'));
    });
    await ended;
    const { id } = await project.json<{ id: string }>('workflow:run', '--workflow-id=long', '--detach');
    expect(await rows.count()).toBe(before);
    await page.evaluate(() => {
      Object.defineProperty(document, 'visibilityState', { value: 'visible', configurable: true });
      document.dispatchEvent(new Event('visibilitychange'));
    });
    await expect.poll(() => rows.count()).toBe(before + 1);
    await project.json('workflow:cancel', `--run-id=${id}`);
  }, 60_000);
});
