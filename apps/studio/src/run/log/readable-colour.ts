type Colour = readonly [red: number, green: number, blue: number];

/** What logs are shown on, in the light and the dark theme (`--sunken`). */
const LIGHT: Colour = [0xf5, 0xf7, 0xf8];
const DARK: Colour = [0x10, 0x13, 0x15];
/** A little more than the 4.5 of WCAG 2.2 AA, so that it also holds on lines that are marked. */
const ENOUGH = 5.6;

const known = new Map<string, string>();

/** A colour that a program chose, made darker or lighter until it can be read in the theme it is shown in. Takes `rgb(1, 2, 3)`. */
export function readableColour(colour: string): string {
  const before = known.get(colour);
  if (before !== undefined) return before;
  const [red = 0, green = 0, blue = 0] = (colour.match(/\d+/g) ?? []).map((part) => Math.min(255, Number(part)));
  const made = `light-dark(${towards([red, green, blue], [0, 0, 0], LIGHT)}, ${towards([red, green, blue], [255, 255, 255], DARK)})`;
  // As many as a picture made of text could ask for, and no more.
  if (known.size > 5_000) known.clear();
  known.set(colour, made);
  return made;
}

const STEPS = 20;

function towards(colour: Colour, end: Colour, background: Colour): string {
  for (let step = 0; step <= STEPS; step += 1) {
    const mixed = mix(colour, end, step / STEPS);
    if (contrast(mixed, background) >= ENOUGH) return `rgb(${mixed.join(', ')})`;
  }
  return `rgb(${end.join(', ')})`;
}

function mix(from: Colour, to: Colour, share: number): Colour {
  const part = (a: number, b: number): number => Math.round(a + (b - a) * share);
  return [part(from[0], to[0]), part(from[1], to[1]), part(from[2], to[2])];
}

/** As WCAG 2.2 defines it: 1 to 21. */
export function contrast(one: Colour, other: Colour): number {
  const [lighter, darker] = [luminance(one), luminance(other)].toSorted((a, b) => b - a);
  return ((lighter ?? 0) + 0.05) / ((darker ?? 0) + 0.05);
}

function luminance([red, green, blue]: Colour): number {
  const linear = (part: number): number => (part <= 10 ? part / 255 / 12.92 : ((part / 255 + 0.055) / 1.055) ** 2.4);
  return 0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue);
}
