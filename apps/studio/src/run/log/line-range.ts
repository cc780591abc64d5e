/** Lines of a step, by their numbers, as an address names them: `12` or `12-20`. */
export interface LineRange {
  readonly first: number;
  readonly last: number;
}

export function readLineRange(text: string | undefined): LineRange | undefined {
  const [, first, last = first] = /^([1-9]\d{0,9})(?:-([1-9]\d{0,9}))?$/.exec(text ?? '') ?? [];
  if (first === undefined || last === undefined) return undefined;
  return { first: Math.min(Number(first), Number(last)), last: Math.max(Number(first), Number(last)) };
}

export function writeLineRange({ first, last }: LineRange): string {
  return first === last ? String(first) : `${String(first)}-${String(last)}`;
}

/** Up to another line, from the first that was chosen. */
export function extendTo(range: LineRange | undefined, n: number): LineRange {
  if (range === undefined) return { first: n, last: n };
  return { first: Math.min(range.first, n), last: Math.max(range.first, n) };
}
