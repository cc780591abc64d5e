import { existsSync } from 'node:fs';

import { chromium } from 'playwright-core';

/** Debian's, and the names others give it. */
const PROGRAMS = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];
const FLAGS = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'];

/** @typedef {import('playwright-core').Page} Page */

/**
 * A browser with a profile of its own, which nobody sees.
 *
 * @param {string} profile a folder
 * @param {{ colorScheme?: 'light' | 'dark', viewport?: { width: number, height: number } }} [look]
 * @returns {Promise<import('playwright-core').BrowserContext>}
 */
export async function openBrowser(profile, { colorScheme = 'light', viewport = { width: 1280, height: 900 } } = {}) {
  const executablePath = PROGRAMS.find((path) => existsSync(path));
  if (executablePath === undefined) throw new Error('there is no Chromium here. On Debian: apt-get install chromium');
  return chromium.launchPersistentContext(profile, { executablePath, args: FLAGS, headless: true, colorScheme, viewport });
}
