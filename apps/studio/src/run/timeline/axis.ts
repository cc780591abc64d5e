const STEPS_MS = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 15_000, 30_000, 60_000, 120_000, 300_000, 600_000, 900_000, 1_800_000, 3_600_000, 7_200_000, 14_400_000, 43_200_000, 86_400_000];
const DAY_MS = 86_400_000;

export interface Span {
  readonly from: number;
  readonly to: number;
}

/** Round distances from the beginning of the run, at most `most` of them, that lie within what is shown. In milliseconds. */
export function ticksOf({ from, to }: Span, start: number, most: number): number[] {
  const wanted = (to - from) / most;
  const step = STEPS_MS.find((each) => each >= wanted) ?? Math.ceil(wanted / DAY_MS) * DAY_MS;
  const first = Math.ceil((from - start) / step);
  const last = Math.floor((to - start) / step);
  return Array.from({ length: Math.max(0, last - first + 1) }, (_, index) => (first + index) * step);
}

/** Where a stretch is on what is shown, in percent; `undefined` when nothing of it is. */
export function placeOf({ from, to }: Span, shown: Span): { readonly left: number; readonly width: number } | undefined {
  if (to < shown.from || from > shown.to) return undefined;
  const length = shown.to - shown.from;
  const left = ((Math.max(from, shown.from) - shown.from) / length) * 100;
  const right = ((Math.min(to, shown.to) - shown.from) / length) * 100;
  return { left, width: right - left };
}

/** A row a little apart from both sides. */
export function around({ from, to }: Span): Span {
  const edge = Math.max(1, (to - from) * 0.05);
  return { from: from - edge, to: to + edge };
}
