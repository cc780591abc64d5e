type Paint = (text: string) => string;

export interface Style {
  readonly coloured: boolean;
  readonly bold: Paint;
  readonly dim: Paint;
  readonly red: Paint;
  readonly green: Paint;
  readonly yellow: Paint;
  readonly blue: Paint;
  readonly cyan: Paint;
}

/** Paints that do something, or leave the text as it is. Colour only ever repeats what the text says. */
export function createStyle(coloured: boolean): Style {
  const paint = (open: number, close: number): Paint =>
    coloured ? (text) => (text === '' ? '' : `\u001b[${String(open)}m${text}\u001b[${String(close)}m`) : (text) => text;
  return {
    coloured,
    bold: paint(1, 22),
    dim: paint(2, 22),
    red: paint(31, 39),
    green: paint(32, 39),
    yellow: paint(33, 39),
    blue: paint(34, 39),
    cyan: paint(36, 39),
  };
}

/** NO_COLOR (https://no-color.org) is stronger than FORCE_COLOR, and both are stronger than what the stream is. */
export function wantsColour(env: Readonly<Record<string, string | undefined>>, isTerminal: boolean): boolean {
  if ((env['NO_COLOR'] ?? '') !== '') return false;
  const forced = env['FORCE_COLOR'];
  if (forced !== undefined) return forced !== '0' && forced !== 'false';
  return isTerminal && env['TERM'] !== 'dumb';
}
