// What terminals take for commands: colours, moves of the cursor, titles of windows.
const COMMANDS = /\u001b(?:\[[0-?]*[ -/]*[@-~]|\][^\u0007\u001b]*(?:\u0007|\u001b\\)?|[ -/]*[0-~])/g;

/** A line as a terminal would show it, without colours: of a line that was written over, what was written last. */
export function plainText(text: string): string {
  return overwritten(text.includes('\u001b') ? text.replaceAll(COMMANDS, '') : text);
}

/** A progress bar writes its line again and again. */
export function overwritten(text: string): string {
  if (!text.includes('\r')) return text;
  const trimmed = text.replace(/\r+$/, '');
  return trimmed.slice(trimmed.lastIndexOf('\r') + 1);
}
