/** What GitHub takes, in UTF-16 code units: no text is longer in any other count of characters. */
const LONGEST = 65_536;

export interface FittedBody {
  readonly body: string;
  readonly truncated: boolean;
}

/** A comment that begins with its mark. One that is too long ends with how much is missing, outside of any block of code. */
export function fitBody(written: string, marker: string): FittedBody {
  const whole = `${marker}\n${written}`;
  if (whole.length <= LONGEST) return { body: whole, truncated: false };
  const all = charactersOf(written);
  const notice = (shown: string): string => `\n\n_Cut here: ${charactersOf(shown)} of ${all} characters fit into a comment._`;
  const room = LONGEST - marker.length - 1 - notice(written).length - LONGEST_FENCE - 1;
  const cut = written.slice(0, endOfCharacter(written, room));
  const fence = openFence(cut);
  return { body: `${marker}\n${cut}${fence === undefined ? '' : `\n${fence}`}${notice(cut)}`, truncated: true };
}

function charactersOf(text: string): string {
  return [...text].length.toLocaleString('en-US');
}

/** A longer fence is not taken for one: nothing that people write has it. */
const LONGEST_FENCE = 32;

/** Not between the two halves of a character. */
function endOfCharacter(text: string, at: number): number {
  const code = text.charCodeAt(at - 1);
  return code >= 0xd8_00 && code <= 0xdb_ff ? at - 1 : at;
}

/** What closes the block of code that the text ends in: CommonMark 0.31, 4.5. */
function openFence(text: string): string | undefined {
  let open: string | undefined;
  for (const [, fence = '', rest = ''] of text.matchAll(/^ {0,3}(`{3,32}|~{3,32})(?![`~])(.*)$/gm)) {
    if (open === undefined) open = fence.startsWith('`') && rest.includes('`') ? undefined : fence;
    else if (fence[0] === open[0] && fence.length >= open.length && rest.trim() === '') open = undefined;
  }
  return open;
}
