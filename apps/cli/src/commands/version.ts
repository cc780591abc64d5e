import { readFile } from 'node:fs/promises';

import type { CommandHandler } from '../command-context.js';

export const execute: CommandHandler<'version'> = async ({ terminal, json }) => {
  const version = await ownVersion();
  if (json) terminal.printJson({ version, node: process.versions.node });
  else terminal.print(`kb ${version}`);
  return undefined;
};

/** Both the bundle and the source stand one folder or two below the package. */
async function ownVersion(): Promise<string> {
  for (const up of ['../package.json', '../../package.json']) {
    const text = await readFile(new URL(up, import.meta.url), 'utf8').catch(() => undefined);
    if (text === undefined) continue;
    const manifest: unknown = JSON.parse(text);
    if (typeof manifest === 'object' && manifest !== null && 'version' in manifest) return String(manifest.version);
  }
  return 'unknown';
}
