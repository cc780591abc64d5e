/** Deeper than this, lines are indented no further: what is nested a hundred thousand times would be gigabytes of blanks. */
const DEEPEST = 40;

/** JSON with a line for every value. Nothing of it is read: numbers stay as written, and what is cut off or is no JSON is shown all the same. */
export function indentJson(text: string): string {
  const parts: string[] = [];
  let depth = 0;
  const line = (): void => {
    parts.push('\n', '  '.repeat(Math.min(depth, DEEPEST)));
  };
  for (const [token] of text.matchAll(TOKEN)) {
    switch (token) {
      case '{':
      case '[':
        parts.push(token);
        depth += 1;
        line();
        break;
      case '}':
      case ']':
        depth = Math.max(0, depth - 1);
        line();
        parts.push(token);
        break;
      case ',':
        parts.push(token);
        line();
        break;
      case ':':
        parts.push(': ');
        break;
      default:
        parts.push(token);
    }
  }
  return parts.join('');
}

/** Empty brackets, a string (perhaps cut off), a bracket, a sign, or what is between them without blanks. */
const TOKEN = /\{\s*\}|\[\s*\]|"(?:[^"\\]|\\[^])*"?|[{}[\],:]|[^\s{}[\],:"]+/g;
