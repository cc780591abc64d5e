import { readFileSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';

/** What a browser has to load before the first page is there, in kB (1,000 bytes) of JavaScript as it is sent. */
const FIRST_LOAD_KB = 350;

const dist = new URL('../dist/', import.meta.url);
/** @type {Record<string, { file: string, isEntry?: boolean, isDynamicEntry?: boolean, imports?: string[] }>} */
const manifest = JSON.parse(readFileSync(new URL('.vite/manifest.json', dist), 'utf8'));
// For this alone, and nothing that anybody serves.
rmSync(new URL('.vite/', dist), { recursive: true });
const size = (/** @type {string} */ file) => gzipSync(readFileSync(fileURLToPath(new URL(file, dist)))).length / 1_000;

const first = new Set();
const take = (/** @type {string} */ name) => {
  const chunk = manifest[name];
  if (chunk === undefined || first.has(chunk.file)) return;
  first.add(chunk.file);
  (chunk.imports ?? []).forEach(take);
};
Object.entries(manifest).filter(([, { isEntry }]) => isEntry === true).forEach(([name]) => take(name));

const firstLoad = [...first].reduce((sum, file) => sum + size(file), 0);
const later = Object.values(manifest).filter(({ file }) => file.endsWith('.js') && !first.has(file));
console.log(`first load: ${firstLoad.toFixed(1)} kB of compressed JavaScript (at most ${FIRST_LOAD_KB} kB)`);
for (const { file } of later.toSorted((a, b) => size(b.file) - size(a.file)).slice(0, 6)) console.log(`  later: ${size(file).toFixed(1)} kB ${file}`);
if (firstLoad > FIRST_LOAD_KB) {
  console.error(`the first load is larger than ${FIRST_LOAD_KB} kB`);
  process.exitCode = 1;
}
