import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';

import { writeManifest } from './write-manifest.js';

const PLUGIN = `
import { z } from ${JSON.stringify(import.meta.resolve('zod'))};
export default {
  id: '@acme/greet', version: '1.0.0',
  commands: [{ id: 'greet:person', describe: 'Says hello.', input: z.object({ name: z.string() }), output: z.object({}), permissions: {}, handler: './greet/person.js#default' }],
};`;
const PACKAGE = JSON.stringify({ name: '@acme/greet', version: '1.0.0', type: 'module', kb: { plugin: './dist/kb.plugin.json' } });

let root = '';
afterEach(() => rmSync(root, { recursive: true, force: true }));

function packageWith(files: Readonly<Record<string, string>>): string {
  root = mkdtempSync(join(tmpdir(), 'kb-manifest-'));
  const all = { 'package.json': PACKAGE, 'dist/plugin.js': PLUGIN, 'dist/greet/person.js': 'export default async () => ({});', ...files };
  for (const [path, text] of Object.entries(all)) {
    if (text === '') continue;
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  return root;
}

describe('the build step of a plugin', () => {
  it('writes the manifest where the package says, and nothing else', async () => {
    const file = await writeManifest(packageWith({}));
    expect(file).toBe(join(root, 'dist/kb.plugin.json'));
    expect(JSON.parse(readFileSync(file, 'utf8'))).toMatchObject({ id: '@acme/greet', commands: [{ id: 'greet:person' }] });
    expect(readdirSync(join(root, 'dist')).sort()).toEqual(['greet', 'kb.plugin.json', 'plugin.js']);
  });

  it.each([
    ['another version', { 'package.json': PACKAGE.replace('1.0.0', '1.0.1') }, /calls itself @acme\/greet 1\.0\.0/],
    ['no place for the manifest', { 'package.json': '{"name":"@acme/greet"}' }, /does not say where/],
    ['no plugin in its default export', { 'dist/plugin.js': 'export default 1;' }, /definePlugin/],
    ['a handler that is not there', { 'dist/greet/person.js': '' }, /not there: \.\/greet\/person\.js/],
    ['a handler that is no function', { 'dist/greet/person.js': 'export default 1;' }, /not a function/],
  ])('refuses %s', async (_name, files, problem) => {
    await expect(writeManifest(packageWith(files))).rejects.toThrow(problem);
    expect(readdirSync(join(root, 'dist'))).not.toContain('kb.plugin.json');
  });
});
