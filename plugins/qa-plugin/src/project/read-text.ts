import type { PluginContext } from '@kb-labs/sdk';

const MAX_BYTES = 1024 * 1024;

/** A file of settings; `undefined` where there is none, or one that is much too large to be it. */
export async function readText(fs: PluginContext['fs'], path: string): Promise<string | undefined> {
  if (!(await fs.exists(path))) return undefined;
  const { kind, bytes } = await fs.stat(path);
  return kind === 'file' && bytes <= MAX_BYTES ? fs.readText(path) : undefined;
}
