import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { repository } from '../project.fixture.js';
import { ENV, fill, FILES } from './pages.fixture.js';
import { Studio } from './studio.fixture.js';

const FOLDER = join(repository, 'docs/studio');
const THEMES = ['light', 'dark'] as const;

let studio: Studio;
let places: { readonly name: string; readonly path: string }[];
beforeAll(async () => {
  studio = await Studio.open({ files: FILES, env: ENV, viewport: { width: 1200, height: 800 } });
  places = await fill(studio);
}, 120_000);
afterAll(() => studio.close());

/** `npm run screenshots`: what docs/studio shows. Not part of the tests, for a picture says nothing about what is right. */
describe('the pages of Studio', () => {
  it('are pictured in both themes', async () => {
    rmSync(FOLDER, { recursive: true, force: true });
    mkdirSync(FOLDER, { recursive: true });
    for (const colorScheme of THEMES) {
      await studio.page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
      for (const { name, path } of places) {
        await studio.goto(path);
        await studio.page.evaluate(() => document.fonts.ready);
        // A picture of a table or a graph that is still being laid out would be of no use.
        await studio.page.waitForTimeout(250);
        await studio.page.screenshot({ path: join(FOLDER, `${name}-${colorScheme}.jpg`), type: 'jpeg', quality: 70 });
      }
    }
    writeFileSync(join(FOLDER, 'README.md'), pageOf(places.map(({ name }) => name)));
    expect(studio.complaints).toEqual([]);
  }, 600_000);
});

function pageOf(names: readonly string[]): string {
  const rows = names.map((name) => `| ${name.replaceAll('-', ', ')} | ${THEMES.map((theme) => `![${name}, ${theme}](${name}-${theme}.jpg)`).join(' | ')} |`);
  return ['# Studio in pictures', '', 'Made by `npm run screenshots`, from a project with something on every page.', '', '| page | light | dark |', '|---|---|---|', ...rows, ''].join('\n');
}
