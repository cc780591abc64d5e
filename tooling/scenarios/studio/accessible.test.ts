import { AxeBuilder } from '@axe-core/playwright';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { ENV, fill, FILES } from './pages.fixture.js';
import { Studio } from './studio.fixture.js';

let studio: Studio;
let places: { readonly name: string; readonly path: string }[];
beforeAll(async () => {
  studio = await Studio.open({ files: FILES, env: ENV });
  places = await fill(studio);
}, 120_000);
afterAll(() => studio.close());

/** What axe calls serious or critical, by page. */
async function violations(): Promise<string[]> {
  const { violations: found } = await new AxeBuilder({ page: studio.page }).analyze();
  return found.filter(({ impact }) => impact === 'serious' || impact === 'critical').flatMap(({ id, nodes }) => nodes.slice(0, 3).map(({ target, failureSummary }) => `${id} ${target.join(' ')} ${failureSummary ?? ''}`));
}

describe.each(['light', 'dark'] as const)('every page in the %s theme', (colorScheme) => {
  it('has no serious violation of what makes a page usable', async () => {
    await studio.page.emulateMedia({ colorScheme });
    const found: string[] = [];
    for (const { name, path } of places) {
      await studio.goto(path);
      found.push(...(await violations()).map((what) => `${name}: ${what}`));
    }
    expect(found).toEqual([]);
    expect(studio.complaints).toEqual([]);
  }, 300_000);
});

describe('the check', () => {
  it('finds a button without a name and a text that cannot be read', async () => {
    await studio.goto('/runs');
    await studio.page.evaluate(() => {
      const button = document.createElement('button');
      const text = document.createElement('p');
      text.textContent = 'hardly to be seen';
      text.style.color = '#eee';
      text.style.background = '#fff';
      document.querySelector('main')?.append(button, text);
    });
    expect((await violations()).map((what) => what.split(' ')[0])).toEqual(expect.arrayContaining(['button-name', 'color-contrast']));
  }, 60_000);
});
