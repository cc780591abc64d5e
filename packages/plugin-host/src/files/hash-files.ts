import { createHash } from 'node:crypto';
import { closeSync, constants, type Dirent, fstatSync, openSync, readdirSync, readSync, realpathSync } from 'node:fs';
import { join } from 'node:path';

import { compileGlob, type Glob, globEnds, type GlobPlaces, globStart, globStep } from './glob.js';

const CHUNK_BYTES = 256 * 1024;

/**
 * GitHub's `hashFiles`: the SHA-256 of each file that the patterns name, one after the other as bytes, hashed again, as
 * hex; an empty text when there is none. Files go in the order of their paths. `!pattern` takes out what earlier
 * patterns named, a pattern that names a folder names all in it. Links are not followed, and nothing outside the root is read.
 */
export function hashFiles(root: string, patterns: readonly string[]): string {
  const rules = patterns.map((pattern) => pattern.trim()).filter((pattern) => pattern !== '' && !pattern.startsWith('#')).map(toRule);
  const files: string[] = [];
  collect({ folder: realpathSync(root), path: '', rules, into: files });
  if (files.length === 0) return '';
  const whole = createHash('sha256');
  for (const file of files.sort()) {
    const digest = digestOf(join(root, file));
    if (digest !== undefined) whole.update(digest);
  }
  return whole.digest('hex');
}

/** A pattern on its way down the tree. `inside` a folder that it named, everything fits. */
interface Rule {
  readonly excludes: boolean;
  readonly glob: Glob;
  readonly places: GlobPlaces;
  readonly inside: boolean;
}

function toRule(pattern: string): Rule {
  const excludes = pattern.startsWith('!');
  const glob = compileGlob(excludes ? pattern.slice(1) : pattern);
  return { excludes, glob, places: globStart(glob), inside: false };
}

function collect({ folder, path, rules, into }: { folder: string; path: string; rules: readonly Rule[]; into: string[] }): void {
  for (const entry of entriesOf(folder)) {
    const below = rules.map((rule) => stepInto(rule, entry.name));
    const entryPath = path === '' ? entry.name : `${path}/${entry.name}`;
    if (entry.isFile()) {
      if (named(below)) into.push(entryPath);
    } else if (entry.isDirectory() && below.some((rule) => !rule.excludes && (rule.inside || rule.places.length > 0))) {
      collect({ folder: join(folder, entry.name), path: entryPath, rules: below, into });
    }
  }
}

function entriesOf(folder: string): Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch {
    // It went away, or is not ours to read.
    return [];
  }
}

function stepInto(rule: Rule, name: string): Rule {
  if (rule.inside) return rule;
  const places = globStep(rule.glob, rule.places, name);
  return { ...rule, places, inside: globEnds(rule.glob, places) };
}

/** The last rule that fits decides. */
function named(rules: readonly Rule[]): boolean {
  return rules.findLast((rule) => rule.inside)?.excludes === false;
}

function digestOf(file: string): Buffer | undefined {
  let descriptor: number;
  try {
    descriptor = openSync(file, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (error) {
    if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ELOOP')) return undefined;
    throw error;
  }
  try {
    if (!fstatSync(descriptor).isFile()) return undefined;
    const hash = createHash('sha256');
    const chunk = Buffer.allocUnsafe(CHUNK_BYTES);
    for (let read = readSync(descriptor, chunk); read > 0; read = readSync(descriptor, chunk)) hash.update(chunk.subarray(0, read));
    return hash.digest();
  } finally {
    closeSync(descriptor);
  }
}
