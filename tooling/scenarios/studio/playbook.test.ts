import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import type { FlowView } from '@kb-labs/contracts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { repository } from '../project.fixture.js';
import { Studio } from './studio.fixture.js';

const EXAMPLE = join(repository, 'examples/release-playbook');
const read = (path: string): string => readFileSync(join(EXAMPLE, path), 'utf8');

let studio: Studio;
beforeAll(async () => {
  studio = await Studio.open({ files: { '.kb/workflows/release-playbook.yml': read('.kb/workflows/release-playbook.yml'), '.kb/workflows/release-check.yml': read('.kb/workflows/release-check.yml') } });
}, 60_000);
afterAll(() => studio.close());

describe('a playbook, in a browser', () => {
  it('is kept, published, started, and its flow is watched until it has succeeded', async () => {
    const { page, project } = studio;
    await studio.goto('/playbooks');
    await page.getByText('No playbook yet').waitFor();
    await page.getByRole('button', { name: 'New version' }).click();
    const dialog = page.getByRole('dialog');
    const manifest = dialog.getByRole('textbox', { name: /Manifest/ });
    await manifest.fill(read('playbooks/release.yml').replace('objective: A version', 'objektive: A version'));
    await dialog.getByRole('button', { name: 'Check' }).click();
    await dialog.getByText(/playbook\.yml:4:1/).first().waitFor();
    await manifest.fill(read('playbooks/release.yml'));
    await dialog.getByRole('button', { name: 'Keep as a draft' }).click();
    await page.getByRole('heading', { name: 'Release a version 1.0.0' }).waitFor();

    await page.getByRole('button', { name: 'Publish' }).click();
    await dialog.getByRole('combobox', { name: 'Kind' }).or(dialog.getByRole('textbox', { name: 'Kind' })).first().fill('review');
    await dialog.getByRole('textbox', { name: 'Id' }).fill('PR-12');
    await dialog.getByRole('button', { name: 'Publish' }).click();
    await page.locator('[data-status=active]').first().waitFor();

    await page.getByRole('button', { name: 'Start a flow' }).click();
    await dialog.getByRole('combobox', { name: 'Session' }).or(dialog.getByRole('textbox', { name: 'Session' })).first().fill('spring');
    await dialog.getByRole('textbox', { name: /^version/ }).fill('1.4.0');
    await dialog.getByRole('textbox', { name: /Id of the flow/ }).fill('release-1.4.0');
    await dialog.getByRole('button', { name: 'Start' }).click();
    await page.waitForURL(/\/studio\/flows\/release-1\.4\.0/);

    await page.getByRole('tab', { name: 'Runs and prompts' }).click();
    await page.getByRole('button', { name: 'Approve' }).click();
    await page.getByText('evidence that the playbook requires is missing').first().waitFor();
    await expect.poll(async () => (await project.json<FlowView>('flows', 'get', 'release-1.4.0')).output_refs.some(({ kind }) => kind === 'artifact'), { timeout: 30_000 }).toBe(true);

    const flow = await project.json<FlowView>('flows', 'get', 'release-1.4.0');
    await page.getByRole('button', { name: 'Add evidence' }).click();
    const ids = dialog.getByRole('textbox', { name: 'Id' });
    const kinds = dialog.getByRole('combobox', { name: 'Kind' }).or(dialog.getByRole('textbox', { name: 'Kind' }));
    for (let index = 0; index < (await ids.count()); index += 1) {
      const kind = await kinds.nth(index).inputValue();
      await ids.nth(index).fill(kind === 'approval' ? (flow.approval_ids[0] ?? '') : kind === 'artifact' ? `${String(flow.run_id)}/publish/notes/notes.md` : 'CHANGELOG-1.4.0');
    }
    await dialog.getByRole('button', { name: 'Add', exact: true }).click();
    await page.locator('[data-status=succeeded]').first().waitFor();
    expect((await project.json<FlowView>('flows', 'get', 'release-1.4.0')).status).toBe('succeeded');

    const download = page.waitForEvent('download');
    await page.getByRole('button', { name: 'Export' }).click();
    const file = join(project.dir, 'flow.json');
    await (await download).saveAs(file);
    expect((await project.kb('flows', 'verify', file)).code).toBe(0);
    expect(studio.complaints).toEqual([]);
  }, 120_000);
});
