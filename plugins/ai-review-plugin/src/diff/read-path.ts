const ESCAPES: Readonly<Record<string, number>> = { a: 7, b: 8, t: 9, n: 10, v: 11, f: 12, r: 13, '"': 34, '\\': 92 };

/**
 * The path of a `---` or `+++` line. Git writes names with unusual bytes as a C string, ends names that
 * hold a space with a tab, and puts `a/` or `b/` in front; other tools write a tab and a time after the name.
 * `undefined` is /dev/null: the file does not exist on that side.
 */
export function readPath(written: string): string | undefined {
  const name = written.startsWith('"') ? unquotePath(written) : (written.split('\t', 1)[0] ?? '').replace(/\r$/, '');
  if (name === '/dev/null') return undefined;
  return /^[abciow]\//.test(name) ? name.slice(2) : name;
}

/** Undoes git's C-style quoting. The escapes are bytes, so they are joined before they are read as UTF-8. */
export function unquotePath(quoted: string): string {
  const bytes: number[] = [];
  for (let at = 1; at < quoted.length; ) {
    const character = String.fromCodePoint(quoted.codePointAt(at) ?? 0);
    if (character === '"') break;
    if (character !== '\\') {
      bytes.push(...Buffer.from(character));
      at += character.length;
      continue;
    }
    const octal = /^[0-3][0-7]{2}/.exec(quoted.slice(at + 1, at + 4))?.[0];
    if (octal === undefined) {
      bytes.push(ESCAPES[quoted[at + 1] ?? ''] ?? 92);
      at += 2;
    } else {
      bytes.push(Number.parseInt(octal, 8));
      at += 4;
    }
  }
  return Buffer.from(bytes).toString('utf8');
}
