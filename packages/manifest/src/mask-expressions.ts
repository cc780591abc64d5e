/**
 * YAML ends an unquoted value between brackets at `{`, `}`, `[`, `]` and `,`, so `{ base: ${{ inputs.base }} }` is
 * no YAML. Such documents are read a second time with these characters, inside `${{ }}` only, replaced one for one by
 * characters that mean nothing to YAML; every offset stays true. A text that is YAML as it stands never gets here,
 * so no valid document changes its meaning.
 */
export interface Masked {
  readonly text: string;
  unmask(value: string): string;
}

const INDICATORS = ['{', '}', '[', ']', ','] as const;

/** `undefined` when the text has no expression that could be masked. */
export function maskExpressions(text: string): Masked | undefined {
  if (!text.includes('${{')) return undefined;
  const stands = freeCharacters(text);
  if (stands === undefined) return undefined;
  const masks = new Map<string, string>(INDICATORS.map((indicator, index) => [indicator, stands[index] ?? indicator]));
  const originals = new Map([...masks].map(([indicator, stand]) => [stand, indicator]));
  const pieces: string[] = [];
  let done = 0;
  for (const span of expressionSpans(text)) {
    pieces.push(text.slice(done, span.start));
    pieces.push(text.slice(span.start, span.end).replace(/[{}[\],]/g, (char) => masks.get(char) ?? char));
    done = span.end;
  }
  if (done === 0) return undefined;
  pieces.push(text.slice(done));
  const standIns = new RegExp(`[${stands.join('')}]`, 'g');
  return { text: pieces.join(''), unmask: (value) => value.replace(standIns, (char) => originals.get(char) ?? char) };
}

/** Spans of `${{ … }}` that begin and end on one line; `}}` inside an expression's quotes does not end it. */
function* expressionSpans(text: string): Generator<{ start: number; end: number }> {
  let start = text.indexOf('${{');
  while (start !== -1) {
    const end = expressionEnd(text, start + 3);
    if (end !== undefined) yield { start, end };
    // Without an end on this line no later start on it has one either.
    const next = end ?? lineEnd(text, start);
    start = text.indexOf('${{', next);
  }
}

function expressionEnd(text: string, from: number): number | undefined {
  let quoted = false;
  for (let at = from; at < text.length; at += 1) {
    const char = text[at];
    if (char === '\n') return undefined;
    if (char === "'") quoted = !quoted;
    else if (!quoted && char === '}' && text[at + 1] === '}') return at + 2;
  }
  return undefined;
}

function lineEnd(text: string, from: number): number {
  const at = text.indexOf('\n', from);
  return at === -1 ? text.length : at;
}

/** Five private-use characters that the text does not use. */
function freeCharacters(text: string): string[] | undefined {
  const used = new Set(text.match(/[\ue000-\uf8ff]/g));
  const free: string[] = [];
  for (let code = 0xe000; code <= 0xf8ff && free.length < INDICATORS.length; code += 1) {
    const char = String.fromCharCode(code);
    if (!used.has(char)) free.push(char);
  }
  return free.length === INDICATORS.length ? free : undefined;
}
