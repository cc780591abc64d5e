import { performance } from 'node:perf_hooks';

import type { CommandHandler } from '@kb-labs/sdk';

import type { indexCommand } from '../plugin.js';
import { loadIndex } from '../store/index-folder.js';
import { bringUpToDate } from './bring-up-to-date.js';

const indexWorkspace: CommandHandler<typeof indexCommand> = async ({ paths, exclude, maxFileBytes, force }, ctx) => {
  const began = performance.now();
  const selection = { ...(paths === undefined ? {} : { paths }), exclude, maxFileBytes };
  const { index, added, changed, removed, unchanged, skipped, read, embeddings } = await bringUpToDate(ctx, {
    earlier: await loadIndex(ctx.fs),
    selection,
    force,
    embed: 'always',
    store: 'always',
  });
  const files = index.files.filter((file) => file.skipped === undefined).length;
  ctx.log.info(`${String(files)} files in ${String(index.passages.file.length)} passages; ${String(read.files)} files read`);
  const left = skipped['too-many'];
  if (left !== undefined) ctx.log.warn(`${String(left)} files are left out, for there are too many: "paths" and "exclude" choose among them`);
  return {
    files,
    passages: index.passages.file.length,
    added,
    changed,
    removed,
    unchanged,
    skipped,
    read,
    durationMs: Math.round(performance.now() - began),
    embeddings,
  };
};

export default indexWorkspace;
