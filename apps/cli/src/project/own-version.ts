import { readFile } from 'node:fs/promises';

/** Both the bundle and the source stand one folder or two below the package. */
export async function ownVersion(): Promise<string> {
  for (const up of ['../package.json', '../../package.json']) {
    const text = await readFile(new URL(up, import.meta.url), 'utf8').catch(() => undefined);
    if (text === undefined) continue;
    const manifest: unknown = JSON.parse(text);
    if (typeof manifest === 'object' && manifest !== null && 'version' in manifest) return String(manifest.version);
  }
  return 'unknown';
}
