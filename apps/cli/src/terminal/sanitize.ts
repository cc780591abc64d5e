/** Strings that terminals take as commands: CSI, then OSC, DCS, SOS, PM and APC with their payload, then two-character ones. */
const SEQUENCE =
   
  /(?:\u001b\[|\u009b)([0-?]*)([ -/]*)([@-~])|(?:\u001b[\]PX^_]|[\u0090\u0098\u009d-\u009f])[^\u0007\u001b\u009c]*(?:\u0007|\u001b\\|\u009c)|\u001b[ -/]*[0-~]/g;

/** What is left of control characters, and characters that reorder the text around them. */
 
const CONTROL = /[\u0000-\u0008\u000a-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;

const TAB_WIDTH = 8;
const RESET = '\u001b[0m';

/**
 * Foreign text as one line that can only be read: it cannot move the cursor, clear the screen, set the title, answer
 * queries, ring, hide itself or reorder its surroundings. Colours and weights stay with `colours`, and end with the line.
 * Linear in the length of the text.
 */
export function sanitizeLine(text: string, colours: boolean): string {
  let coloured = false;
  const kept: string[] = [];
  const readable = text.replaceAll(KEPT, '\ufffd').replace(SEQUENCE, (_, parameters: string | undefined, between: string | undefined, final: string | undefined) => {
    if (!colours || final !== 'm' || between !== '' || parameters === undefined) return '';
    const colour = keepColours(parameters);
    if (colour === undefined) return '';
    coloured = true;
    kept.push(`\u001b[${colour}m`);
    return KEPT;
  });
  const plain = expandTabs(readable.replace(CONTROL, showControl));
  if (!coloured) return plain;
  let next = 0;
  return plain.replaceAll(KEPT, () => kept[next++] ?? '') + RESET;
}

/** Foreign text for a place without colours, such as a name in a table. */
export function sanitizeText(text: string): string {
  return sanitizeLine(text, false);
}

/** Stands for a colour while the rest is cleaned: a non-character, which cannot be in well-formed text; a foreign one is shown as damaged. */
const KEPT = '\uffff';

function showControl(character: string): string {
  const code = character.charCodeAt(0);
  if (code < 0x20) return String.fromCharCode(0x2400 + code);
  return code === 0x7f ? '\u2421' : '\ufffd';
}

/** The parameters of a colour sequence that only change colour and weight; blinking, hiding and fonts are left out. */
function keepColours(parameters: string): string | undefined {
  if (parameters.length > 64 || /[<=>?]/.test(parameters)) return undefined;
  if (parameters === '') return '0';
  const codes = parameters.split(/[;:]/);
  const kept: string[] = [];
  for (let index = 0; index < codes.length; index += 1) {
    const code = Number(codes[index]);
    if (code === 38 || code === 48) {
      const length = codes[index + 1] === '5' ? 3 : codes[index + 1] === '2' ? 5 : codes.length;
      const colour = codes.slice(index, index + length);
      if (colour.length === length && colour.every((part) => /^\d{1,3}$/.test(part))) kept.push(...colour);
      index += length - 1;
    } else if (isPlainColour(code)) {
      kept.push(String(code));
    }
  }
  return kept.length === 0 ? undefined : kept.join(';');
}

function isPlainColour(code: number): boolean {
  return (code >= 0 && code <= 4) || code === 7 || code === 9 || (code >= 22 && code <= 24) || code === 27 || code === 29 || (code >= 30 && code <= 49) || (code >= 90 && code <= 107);
}

function expandTabs(text: string): string {
  if (!text.includes('\t')) return text;
  let column = 0;
  return text.replace(/\t|[^\t]+/g, (part) => {
    const shown = part === '\t' ? ' '.repeat(TAB_WIDTH - (column % TAB_WIDTH)) : part;
    column += shown.length;
    return shown;
  });
}
