import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

/** Files of this package that a file imports for more than types, and packages. */
function loadedBy(file: string): string[] {
  const text = readFileSync(join(import.meta.dirname, file), 'utf8');
  return [...text.matchAll(/^(?:import|export) (?!type )[^;]*?from '([^']+)';/gm)].map(([, target = '']) => target);
}

describe('the main entry', () => {
  it('loads no package, so that a handler that throws a FatalError starts as fast as one that does not', () => {
    expect(loadedBy('index.ts')).toEqual(['./define-plugin.js', './failures.js']);
    expect([...loadedBy('define-plugin.ts'), ...loadedBy('failures.ts')]).toEqual([]);
    // The check is able to see one.
    expect(loadedBy('to-manifest.ts')).toContain('zod');
  });
});
