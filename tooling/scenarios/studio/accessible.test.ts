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

/** Rules whose outcome depends on colours; all others look at what is on the page, which is the same in both themes. */
const OF_COLOURS = ['color-contrast', 'link-in-text-block'];

/** What axe calls serious or critical, by page. */
async function violations(rules?: readonly string[]): Promise<string[]> {
  const axe = new AxeBuilder({ page: studio.page });
  const { violations: found } = await (rules === undefined ? axe : axe.withRules([...rules])).analyze();
  return found.filter(({ impact }) => impact === 'serious' || impact === 'critical').flatMap(({ id, nodes }) => nodes.slice(0, 3).map(({ target, failureSummary }) => `${id} ${target.join(' ')} ${failureSummary ?? ''}`));
}

describe('every page', () => {
  it('has no serious violation of what makes a page usable, in both themes', async () => {
    const found: string[] = [];
    for (const { name, path } of places) {
      await studio.page.emulateMedia({ colorScheme: 'light' });
      await studio.goto(path);
      found.push(...(await violations()).map((what) => `${name}, light: ${what}`));
      await studio.page.emulateMedia({ colorScheme: 'dark' });
      await studio.page.locator('html[data-mantine-color-scheme=dark]').waitFor();
      found.push(...(await violations(OF_COLOURS)).map((what) => `${name}, dark: ${what}`));
    }
    expect(found).toEqual([]);
    expect(studio.complaints).toEqual([]);
  }, 300_000);
});

describe('the check', () => {
  it.each(['light', 'dark'] as const)('finds a button without a name and a text that cannot be read, in the %s theme', async (colorScheme) => {
    await studio.page.emulateMedia({ colorScheme });
    await studio.goto('/runs');
    await studio.page.evaluate(() => {
      const button = document.createElement('button');
      const text = document.createElement('p');
      text.textContent = 'hardly to be seen';
      text.style.color = '#888';
      text.style.background = '#777';
      document.querySelector('main')?.append(button, text);
    });
    expect((await violations()).map((what) => what.split(' ')[0])).toEqual(expect.arrayContaining(['button-name', 'color-contrast']));
    expect((await violations(OF_COLOURS)).map((what) => what.split(' ')[0])).toContain('color-contrast');
  }, 60_000);
});
