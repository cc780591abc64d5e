/**
 * Whether a path fits one of the globs: `*` and `?` within a segment, `[a-z]`, `[!a-z]`, and `**` for any number of segments. A
 * pattern also fits all that is below what it names, so `docs` stands for `docs/**`. The work grows with length of
 * pattern × length of path and no faster.
 */
export function pathMatcher(globs: readonly string[]): (path: string) => boolean {
  const compiled = globs.map((glob) => glob.split('/').filter((segment) => segment !== '' && segment !== '.').map(toSegment));
  return (path) => {
    const names = path.split('/');
    return compiled.some((segments) => fitsPath(segments, names));
  };
}

type Segment = 'any-depth' | readonly Part[];
type Part = 'many' | ((char: string) => boolean);

/** Keeps the set of places in the pattern that are reached, name by name. */
function fitsPath(segments: readonly Segment[], names: readonly string[]): boolean {
  let places = new Set([0]);
  for (const name of names) {
    const next = new Set<number>();
    for (const place of withSkipped(segments, places)) {
      const segment = segments[place];
      // All of the pattern has been met by a folder above.
      if (segment === undefined) return true;
      if (segment === 'any-depth') next.add(place);
      else if (fitsName(segment, name)) next.add(place + 1);
    }
    places = next;
  }
  return withSkipped(segments, places).has(segments.length);
}

/** `**` may stand for nothing. */
function withSkipped(segments: readonly Segment[], places: ReadonlySet<number>): ReadonlySet<number> {
  const all = new Set(places);
  // What is added while it goes on is visited too.
  for (const place of all) if (segments[place] === 'any-depth') all.add(place + 1);
  return all;
}

/** Only the last `*` ever has to be taken back: what an earlier one could still give, this one can take. */
function fitsName(parts: readonly Part[], name: string): boolean {
  const chars = [...name];
  let part = 0;
  let star = -1;
  let retry = 0;
  for (let at = 0; at < chars.length; ) {
    const here = parts[part];
    if (here === 'many') {
      star = part;
      retry = at;
      part += 1;
    } else if (here?.(chars[at] ?? '') === true) {
      at += 1;
      part += 1;
    } else if (star >= 0) {
      retry += 1;
      at = retry;
      part = star + 1;
    } else {
      return false;
    }
  }
  while (parts[part] === 'many') part += 1;
  return part === parts.length;
}

function toSegment(segment: string): Segment {
  if (segment === '**') return 'any-depth';
  const parts: Part[] = [];
  for (const [token, set] of segment.matchAll(/\[(?=.[^\]]*\])([!^]?[^\]]+)\]|[^]/gu)) {
    if (set !== undefined) parts.push(toSet(set));
    else if (token === '*') parts.push('many');
    else if (token === '?') parts.push(() => true);
    else parts.push((char) => char === token);
  }
  return parts;
}

function toSet(written: string): Part {
  const negated = /^[!^]/.test(written);
  const ranges = [...written.slice(negated ? 1 : 0).matchAll(/([^])-([^])|([^])/gu)].map(([, from, to, single]) => [from ?? single ?? '', to ?? single ?? ''] as const);
  return (char) => ranges.some(([from, to]) => from <= char && char <= to) !== negated;
}
