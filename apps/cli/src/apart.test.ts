import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import * as schema from '@kb-labs/daemon/config-schema';
import * as secrets from '@kb-labs/daemon/secret-file';
import { describe, expect, it } from 'vitest';

import * as apart from './apart.js';
import * as table from './command-table.js';
import * as control from './control.js';

const repository = fileURLToPath(new URL('../../..', import.meta.url));

/** What sources ask of the manifest package when they need it: in the built program that is what `apart` exports. */
function askedOfManifest(folder: string): string[] {
  const files = readdirSync(join(repository, folder), { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts'));
  return files.flatMap((name) => {
    const text = readFileSync(join(repository, folder, name), 'utf8');
    if (!text.includes("import('@kb-labs/manifest')")) return [];
    const alone = [...text.matchAll(/\{([^{}]*)\} = await import\('@kb-labs\/manifest'\)/g)].map(([, names = '']) => names);
    // Of several at once, the names are in the order of what is asked.
    const together = [...text.matchAll(/\[(.*)\] = await Promise\.all\(\[(.*)\]\)/g)].flatMap(([, names = '', from = '']) => {
      const at = from.split(/, (?=import)/).findIndex((one) => one.includes('@kb-labs/manifest'));
      return at === -1 ? [] : [[...names.matchAll(/\{([^{}]*)\}/g)].map(([, one = '']) => one)[at] ?? ''];
    });
    const asked = [...alone, ...together];
    if (asked.length === 0) throw new Error(`${name} asks for the manifest package in a way that this test does not know`);
    return asked.flatMap((names) => names.split(',').map((one) => (one.split(':')[0] ?? '').trim()));
  });
}

describe('the program apart', () => {
  it('has all of the modules that it stands for', () => {
    const modules = { table, control, schema, secrets };
    for (const [name, module] of Object.entries(modules)) expect(Object.keys(apart), name).toEqual(expect.arrayContaining(Object.keys(module)));
  });

  it('has all that sources ask of the manifest package when they need it', () => {
    const exported = /export \{([^}]*)\} from '@kb-labs\/manifest'/.exec(readFileSync(join(repository, 'apps/cli/src/apart.ts'), 'utf8'))?.[1] ?? '';
    const asked = ['packages/engine/src', 'apps/daemon/src', 'apps/cli/src'].flatMap(askedOfManifest);
    expect(asked).toEqual(expect.arrayContaining(['readPlaybook', 'isInstant', 'readSettings']));
    const names = exported.split(',').map((name) => name.trim());
    expect(asked.filter((name) => !names.includes(name))).toEqual([]);
  });
});
