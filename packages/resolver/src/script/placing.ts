/** Where one `${{ }}` stands in a script: UTF-16 offsets, `end` after the closing braces. */
export interface Place {
  readonly index: number;
  readonly start: number;
  readonly end: number;
}

/** Writes the reference to `variable`, with `breaks` line breaks in it that the language does not see. */
export type Render = (variable: string, breaks: number) => string;

/** Why an expression cannot stand where it stands; the hint is written for its source. */
export interface Refusal {
  readonly message: string;
  readonly hint: (expression: string) => string;
}

type Outcome =
  | { readonly placed: true; readonly render: Render }
  | { readonly placed: false; readonly refusal: Refusal };

/** Thrown by a reader that no longer knows what the text means; `from` is where the unsettled part begins. */
export class NotFollowed extends Error {
  readonly from: number;
  readonly hint: string;

  constructor(message: string, from: number, hint: string) {
    super(message);
    this.from = from;
    this.hint = hint;
  }
}

/**
 * The expressions of one script, and what a reader of its language decided about each. The first refusal of an
 * expression stays: readers finish the inner construct first, and its reason is the one that helps.
 */
export class Placing {
  readonly text: string;
  readonly places: readonly Place[];
  readonly #byStart = new Map<number, Place>();
  readonly #outcomes = new Map<number, Outcome>();

  /** `places` in the order of the text. */
  constructor(text: string, places: readonly Place[]) {
    this.text = text;
    this.places = places;
    for (const place of places) this.#byStart.set(place.start, place);
  }

  startingAt(offset: number): Place | undefined {
    return this.#byStart.get(offset);
  }

  /** The place that `offset` is inside of. */
  covering(offset: number): Place | undefined {
    const place = this.places[this.#firstFrom(offset + 1) - 1];
    return place !== undefined && offset < place.end ? place : undefined;
  }

  put(place: Place, render: Render): void {
    if (!this.#outcomes.has(place.index)) this.#outcomes.set(place.index, { placed: true, render });
  }

  refuse(start: number, end: number, refusal: Refusal): void {
    for (let i = this.#firstFrom(start); i < this.places.length; i += 1) {
      const place = this.places[i];
      if (place === undefined || place.start >= end) return;
      if (this.#outcomes.get(place.index)?.placed !== false) {
        this.#outcomes.set(place.index, { placed: false, refusal });
      }
    }
  }

  holds(start: number, end: number): boolean {
    const place = this.places[this.#firstFrom(start)];
    return place !== undefined && place.start < end;
  }

  outcomeOf(place: Place): Outcome | undefined {
    return this.#outcomes.get(place.index);
  }

  /** Index of the first place that starts at or after `offset`. */
  #firstFrom(offset: number): number {
    let low = 0;
    let high = this.places.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.places[middle]?.start ?? 0) < offset) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/** The expression as it appears in a hint: one line, not too long. */
export function shown(expression: string): string {
  const line = expression.trim().replace(/\s+/g, ' ');
  return `\${{ ${line.length > 60 ? `${line.slice(0, 57)}…` : line} }}`;
}
