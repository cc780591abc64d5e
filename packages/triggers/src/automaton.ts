import type { PatternToken } from './push-pattern.js';

/**
 * A pattern as a machine that is in many places at once, each a bit of a few words of 30 bits (so that a sum of two words
 * is still a small integer). A character costs a handful of operations on each word: the work is the length of the name
 * times a thirtieth of the length of the pattern, whatever both are. Places are numbered in the order of the pattern; the
 * one after the last is the end. The shift-and method with optional places is from G. Navarro and M. Raffinot, "Flexible
 * Pattern Matching in Strings", 4.3.
 */
export interface Automaton {
  readonly words: number;
  /** Places that can be left without a character, to the next one. */
  readonly skip: Int32Array;
  /** Places that can be left without a character, to the one after the next. */
  readonly jump: Int32Array;
  readonly steps: ReadonlyMap<string, Step>;
  /** For characters that the pattern does not name. */
  readonly otherwise: Step;
  readonly end: number;
}

/** What one character does. */
interface Step {
  /** Places it leads on from. */
  readonly advance: Int32Array;
  /** Places it stays in. */
  readonly stay: Int32Array;
}

const BITS = 30;
const ALL = 2 ** BITS - 1;

type Takes = 'nothing' | 'anything' | 'no-slash' | ReadonlySet<string>;

interface Place {
  readonly advance: Takes;
  readonly stay: Takes;
  readonly skip: boolean;
  readonly jump: boolean;
}

export function toAutomaton(tokens: readonly PatternToken[]): Automaton {
  const places = tokens.flatMap(placesOf);
  const words = Math.floor(places.length / BITS) + 1;
  const steps = new Map<string, Step>();
  const otherwise = emptyStep(words);
  for (const character of ['/', ...places.flatMap(charactersOf)]) if (!steps.has(character)) steps.set(character, emptyStep(words));
  for (const [index, place] of places.entries()) {
    for (const way of ['advance', 'stay'] as const) {
      const takes = place[way];
      if (typeof takes === 'object') for (const character of takes) set(steps.get(character)?.[way], index);
      else if (takes !== 'nothing') {
        set(otherwise[way], index);
        for (const [character, step] of steps) if (takes === 'anything' || character !== '/') set(step[way], index);
      }
    }
  }
  const marked = (is: (place: Place) => boolean): Int32Array => {
    const mask = new Int32Array(words);
    for (const [index, place] of places.entries()) if (is(place)) set(mask, index);
    return mask;
  };
  return { words, skip: marked((place) => place.skip), jump: marked((place) => place.jump), steps, otherwise, end: places.length };
}

/** Whether the whole text fits. */
export function accepts(automaton: Automaton, text: string): boolean {
  const { words, steps, otherwise, end } = automaton;
  const at = new Int32Array(words);
  move(automaton, at, emptyStep(words), 1);
  for (const character of text) if (!move(automaton, at, steps.get(character) ?? otherwise, 0)) return false;
  return (((at[Math.floor(end / BITS)] ?? 0) >>> (end % BITS)) & 1) === 1;
}

/**
 * Takes a character, or with `entering` the way in, and adds the places that are reached from there without one. In a row
 * of places to skip, adding a one at the first that is reached carries up to the first place after the row: what that
 * changed is what can be reached. Whether any place is left.
 */
function move({ words, skip, jump }: Automaton, at: Int32Array, { advance, stay }: Step, entering: 0 | 1): boolean {
  let moved: number = entering;
  let jumped = 0;
  let carry = 0;
  let any = 0;
  for (let word = 0; word < words; word += 1) {
    const here = at[word] ?? 0;
    if ((here | moved | jumped | carry) === 0) continue;
    const on = here & (advance[word] ?? 0);
    let next = ((on << 1) & ALL) | moved | jumped | (here & (stay[word] ?? 0));
    moved = on >>> (BITS - 1);
    const jumps = next & (jump[word] ?? 0);
    next |= (jumps << 2) & ALL;
    jumped = jumps >>> (BITS - 2);
    const skips = skip[word] ?? 0;
    const sum = skips + (next & skips) + carry;
    carry = sum >>> BITS;
    next |= (sum & ALL) ^ skips;
    at[word] = next;
    any |= next;
  }
  return any !== 0;
}

function placesOf(token: PatternToken): Place[] {
  switch (token.kind) {
    case 'within-segment':
      return [{ advance: 'nothing', stay: 'no-slash', skip: true, jump: false }];
    case 'anything':
      return [{ advance: 'nothing', stay: 'anything', skip: true, jump: false }];
    case 'folders':
      return [
        { advance: 'nothing', stay: 'nothing', skip: true, jump: true },
        { advance: new Set(['/']), stay: 'anything', skip: false, jump: false },
      ];
    case 'characters': {
      const { characters, repeat } = token;
      const one: Place = { advance: characters, stay: 'nothing', skip: repeat === 'optional', jump: false };
      return repeat === 'more' ? [one, { advance: 'nothing', stay: characters, skip: true, jump: false }] : [one];
    }
  }
}

function charactersOf({ advance, stay }: Place): string[] {
  return [advance, stay].flatMap((takes) => (typeof takes === 'object' ? [...takes] : []));
}

function emptyStep(words: number): Step {
  return { advance: new Int32Array(words), stay: new Int32Array(words) };
}

function set(mask: Int32Array | undefined, place: number): void {
  const word = Math.floor(place / BITS);
  if (mask !== undefined) mask[word] = (mask[word] ?? 0) | (1 << (place % BITS));
}
