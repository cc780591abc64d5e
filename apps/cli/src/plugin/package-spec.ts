import { isAbsolute } from 'node:path';

import { PACKAGE_NAME } from '@kb-labs/contracts';
import { AppError } from '@kb-labs/errors';

/** What can be added: a package by its name, or a folder. */
export type PackageSpec = { readonly kind: 'package'; readonly name: string; readonly range?: string } | { readonly kind: 'folder'; readonly path: string };

/** A range or a tag of a registry; nothing that a package manager could take for an address or an option. */
const RANGE = /^[A-Za-z0-9^~<>=*][A-Za-z0-9.^~<>=*|+ -]{0,63}$/;

/** A name with an optional `@range`, or a folder: a path that is absolute or starts with `./` or `../`. Fails with `USAGE`. */
export function parsePackageSpec(written: string): PackageSpec {
  if (/^\.{1,2}(?:\/|$)/.test(written) || isAbsolute(written)) return { kind: 'folder', path: written };
  const at = written.indexOf('@', 1);
  const name = at === -1 ? written : written.slice(0, at);
  const range = at === -1 ? undefined : written.slice(at + 1);
  if (!PACKAGE_NAME.test(name) || (range !== undefined && !RANGE.test(range))) {
    throw new AppError('USAGE', { problem: `"${written}" is neither the name of a package nor a folder` }, { hint: 'write a name such as @acme/plugin or @acme/plugin@^1.2, or a folder as ./path/to/it' });
  }
  return { kind: 'package', name, ...(range === undefined ? {} : { range }) };
}
