import { extname } from 'node:path';

import { FatalError } from '@kb-labs/sdk';

/** @type {import('@kb-labs/sdk').CommandHandler<typeof import('./plugin.js').stats>} */
export default async function countFiles({ glob, ignore, top }, ctx) {
  const paths = (await ctx.fs.list(glob)).filter((path) => !path.split('/').some((name) => ignore.includes(name)));
  if (paths.length === 0) throw new FatalError(`no file matches ${glob}`, { code: 'NO_FILES', hint: 'a glob such as "src/**" is relative to the project' });

  /** @type {Map<string, { extension: string, files: number, bytes: number }>} */
  const counted = new Map();
  for (const [index, path] of paths.entries()) {
    ctx.signal.throwIfAborted();
    const extension = extname(path) || '(none)';
    const row = counted.get(extension) ?? { extension, files: 0, bytes: 0 };
    row.files += 1;
    row.bytes += (await ctx.fs.stat(path)).bytes;
    counted.set(extension, row);
    if (index % 1_000 === 999) ctx.progress(index / paths.length);
  }

  const rows = [...counted.values()].sort((a, b) => b.files - a.files || a.extension.localeCompare(b.extension));
  await ctx.artifacts.save({ name: 'repo-stats.csv', type: 'table', label: 'Files by extension', content: toCsv(rows) });
  ctx.log.info(`${String(paths.length)} files, ${String(rows.length)} extensions`);
  return { files: paths.length, bytes: rows.reduce((sum, row) => sum + row.bytes, 0), extensions: rows.slice(0, top) };
}

/** @param {readonly { extension: string, files: number, bytes: number }[]} rows */
function toCsv(rows) {
  return ['extension,files,bytes', ...rows.map((row) => `"${row.extension.replaceAll('"', '""')}",${row.files},${row.bytes}`), ''].join('\n');
}
