import { describe, expect, it } from 'vitest';
import * as z from 'zod/mini';

import { readSettings } from './read-settings.js';

const schema = z.strictObject({ concurrency: z.optional(z.int().check(z.gte(1))), 'state-dir': z.optional(z.string()) });

function read(text: string, file = 'kb.config.yaml') {
  return readSettings({ text, file }, schema, 'settings');
}

describe('readSettings', () => {
  it('reads YAML and JSON by a schema', () => {
    expect(read('concurrency: 2 # jobs')).toMatchObject({ ok: true, value: { concurrency: 2 } });
    expect(read('{"state-dir": "x"}', 'kb.config.json')).toMatchObject({ ok: true, value: { 'state-dir': 'x' } });
  });

  it('places every problem and names the nearest key', () => {
    const result = read('concurency: 2\nstate-dir: 5\n');
    expect(result.ok).toBe(false);
    expect(result.diagnostics).toMatchObject([
      { code: 'UNKNOWN_KEY', line: 1, column: 1, hint: 'did you mean "concurrency"?' },
      { code: 'WRONG_TYPE', line: 2, column: 12 },
    ]);
  });

  it('refuses an empty text', () => {
    expect(read('# nothing\n').ok).toBe(false);
  });
});
