/**
 * A path pattern: `*` and `?` within a segment, `[a-z]` and `[!a-z]`, `\` before a literal, and `**` as a segment for any
 * number of segments. A dot at the start of a name is nothing special. The work is at most length of pattern × length
 * of path, whatever both are: segments are matched by keeping the set of places the pattern can be at.
 */
export interface Glob {
  readonly segments: readonly Segment[];
}

type Segment = 'any-depth' | readonly Token[];
type Token =
  | { readonly kind: 'char'; readonly char: string }
  | { readonly kind: 'any' }
  | { readonly kind: 'many' }
  | { readonly kind: 'set'; readonly negated: boolean; readonly ranges: readonly (readonly [string, string])[] };

/** Places in a pattern that are reached; empty when nothing below can match any more. */
export type GlobPlaces = readonly number[];

export function compileGlob(pattern: string): Glob {
  const written = pattern.split('/').filter((segment) => segment !== '' && segment !== '.');
  // Paths never hold `..` nor start with `/`: such a pattern must fit nothing, not everything below its rest.
  if (pattern.startsWith('/') || written.includes('..')) return { segments: [[{ kind: 'set', negated: false, ranges: [] }]] };
  const single = written.filter((segment, index) => segment !== '**' || written[index - 1] !== '**');
  return { segments: single.map((segment) => (segment === '**' ? 'any-depth' : toTokens(segment))) };
}

/** Whether a path, relative and with `/`, fits. */
export function matchesGlob(glob: Glob, path: string): boolean {
  let places = globStart(glob);
  for (const name of path.split('/')) {
    places = globStep(glob, places, name);
    if (places.length === 0) return false;
  }
  return globEnds(glob, places);
}

export function globStart(glob: Glob): GlobPlaces {
  const places: number[] = [];
  reach(glob, places, 0);
  return places;
}

export function globStep({ segments }: Glob, places: GlobPlaces, name: string): GlobPlaces {
  const chars = hasSurrogates(name) ? Array.from(name) : name;
  const next: number[] = [];
  // A `**` that is reached takes whatever an earlier place could still take: only the last one and what is after it count.
  const from = places.findLastIndex((place) => segments[place] === 'any-depth');
  for (const place of from > 0 ? places.slice(from) : places) {
    const segment = segments[place];
    if (segment === 'any-depth') {
      add(next, place);
      add(next, place + 1);
    } else if (segment !== undefined && matchesSegment(segment, chars)) {
      reach({ segments }, next, place + 1);
    }
  }
  return next;
}

export function globEnds(glob: Glob, places: GlobPlaces): boolean {
  return places.at(-1) === glob.segments.length;
}

/** `**` can also stand for no segment, except at the end: `a/**` is what is below `a`, not `a`. */
function reach({ segments }: Glob, places: number[], place: number): void {
  add(places, place);
  if (segments[place] === 'any-depth' && place < segments.length - 1) add(places, place + 1);
}

/** Places come in order, and at most the last few of them twice. */
function add(places: number[], place: number): void {
  if (place > (places.at(-1) ?? -1)) places.push(place);
}

function hasSurrogates(text: string): boolean {
  return /[\uD800-\uDFFF]/.test(text);
}

function toTokens(segment: string): readonly Token[] {
  const tokens: Token[] = [];
  const chars = Array.from(segment);
  for (let at = 0; at < chars.length; at += 1) {
    const char = chars[at] ?? '';
    const next = chars[at + 1];
    if (char === '*') {
      if (tokens.at(-1)?.kind !== 'many') tokens.push({ kind: 'many' });
    } else if (char === '?') {
      tokens.push({ kind: 'any' });
    } else if (char === '\\' && next !== undefined) {
      tokens.push({ kind: 'char', char: next });
      at += 1;
    } else {
      const set = char === '[' ? readSet(chars, at) : undefined;
      tokens.push(set?.token ?? { kind: 'char', char });
      at = set?.last ?? at;
    }
  }
  return tokens;
}

/** The set that starts at `[`; `undefined` when it is never closed and `[` is just a letter. `]` right after the start is a member. */
function readSet(chars: readonly string[], start: number): { token: Token; last: number } | undefined {
  const negated = chars[start + 1] === '!' || chars[start + 1] === '^';
  const first = start + (negated ? 2 : 1);
  const last = chars.indexOf(']', first + 1);
  if (last < 0) return undefined;
  const ranges: (readonly [string, string])[] = [];
  for (let at = first; at < last; at += 1) {
    const from = chars[at] ?? '';
    const isRange = chars[at + 1] === '-' && at + 2 < last;
    ranges.push([from, (isRange ? chars[at + 2] : from) ?? from]);
    if (isRange) at += 2;
  }
  return { token: { kind: 'set', negated, ranges }, last };
}

/** Only the last `*` ever needs to be taken back: what an earlier one could still give, this one can take. */
function matchesSegment(tokens: readonly Token[], chars: ArrayLike<string>): boolean {
  let at = 0;
  let token = 0;
  let star = -1;
  let retry = 0;
  while (at < chars.length) {
    const here = tokens[token];
    if (here?.kind === 'many') {
      star = token;
      retry = at;
      token += 1;
    } else if (here !== undefined && fits(here, chars[at] ?? '')) {
      at += 1;
      token += 1;
    } else if (star >= 0) {
      retry += 1;
      at = retry;
      token = star + 1;
    } else {
      return false;
    }
  }
  while (tokens[token]?.kind === 'many') token += 1;
  return token === tokens.length;
}

function fits(token: Exclude<Token, { kind: 'many' }>, char: string): boolean {
  switch (token.kind) {
    case 'char':
      return token.char === char;
    case 'any':
      return true;
    case 'set':
      return token.ranges.some(([from, to]) => from <= char && char <= to) !== token.negated;
  }
}
