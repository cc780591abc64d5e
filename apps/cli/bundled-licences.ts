import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';

import type { Options } from 'tsup';

type Plugin = NonNullable<Options['esbuildPlugins']>[number];

/** Licence texts, each with the packages that are under it. */
const texts = new Map<string, Set<string>>();

/**
 * Collects the licences of everything that a program is made of and writes them to `file`, those of the programs built before among
 * them: who passes code on has to pass its licence on.
 */
export function bundledLicences(file: string): Plugin {
  return {
    name: 'bundled-licences',
    setup(build) {
      build.onEnd(({ metafile }) => {
        if (metafile === undefined) throw new Error('the build does not tell what it has put together');
        for (const folder of new Set(Object.keys(metafile.inputs).flatMap(packageFolder))) keep(resolve(folder));
        const parts = [...texts].map(([text, names]) => `${[...names].sort().join('\n')}\n\n${text.trim()}\n`).sort();
        mkdirSync(dirname(file), { recursive: true });
        writeFileSync(file, parts.join(`\n${'-'.repeat(80)}\n\n`));
      });
    },
  };
}

/** Of a file of a package that is not ours. */
function packageFolder(path: string): string[] {
  const found = /^(.*\/node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(path.replace(/^[^:]*:(?=\/)/, ''))?.[1];
  return found === undefined ? [] : [found];
}

function keep(folder: string): void {
  const { name, version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { name: string; version: string; license?: string };
  const file = readdirSync(folder).find((entry) => /^(licen[cs]e|copying)/i.test(entry));
  if (file === undefined && license === undefined) throw new Error(`${name} ${version} has no licence`);
  const text = file === undefined ? `${String(license)} (the package holds no text of it)` : readFileSync(join(folder, file), 'utf8');
  texts.set(text, (texts.get(text) ?? new Set()).add(`${name} ${version}`));
}
