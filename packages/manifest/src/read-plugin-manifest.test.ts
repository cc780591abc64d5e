import { describe, expect, it } from 'vitest';

import { readPluginManifest } from './read-plugin-manifest.js';

const COMMAND = { id: 'git:diff', describe: 'Shows changes', input: { type: 'object' }, output: {}, permissions: { shell: ['git'] }, handler: './git/diff.js#default' };
const MANIFEST = { schema: 1, id: '@kb-labs/commit-plugin', version: '1.0.0', commands: [COMMAND] };

function read(manifest: unknown) {
  return readPluginManifest({ text: JSON.stringify(manifest, null, 2), file: 'kb.plugin.json' });
}

describe('readPluginManifest', () => {
  it('reads a built manifest', () => {
    expect(read(MANIFEST)).toMatchObject({ ok: true, value: MANIFEST, diagnostics: [] });
  });

  it('reports every mistake at its place', () => {
    const result = read({ ...MANIFEST, schema: 2, verion: '1', commands: [{ ...COMMAND, id: 'Diff', handler: '/etc/passwd' }, { ...COMMAND, input: undefined }] });
    expect(result.diagnostics.map(({ code, path }) => ({ code, path }))).toEqual([
      { code: 'INVALID_VALUE', path: 'schema' },
      { code: 'INVALID_VALUE', path: 'commands[0].id' },
      { code: 'INVALID_VALUE', path: 'commands[0].handler' },
      { code: 'MISSING_KEY', path: 'commands[1]' },
      { code: 'UNKNOWN_KEY', path: 'verion' },
    ]);
  });

  it('refuses a command that is declared twice', () => {
    expect(read({ ...MANIFEST, commands: [COMMAND, COMMAND] }).diagnostics).toMatchObject([{ code: 'INVALID_VALUE', path: 'commands[1].id' }]);
  });

  it('refuses what is not JSON, and nothing at all', () => {
    expect(readPluginManifest({ text: 'schema: 1', file: 'kb.plugin.json' }).diagnostics).toMatchObject([{ code: 'DOCUMENT_SYNTAX' }]);
    expect(readPluginManifest({ text: ' ', file: 'kb.plugin.json' }).diagnostics).toMatchObject([{ code: 'MISSING_KEY' }]);
  });
});
