import type { JsonValue } from '@kb-labs/contracts';

/** From 0 to below 1; the same sequence for the same seed (mulberry32). */
export type Random = () => number;

export function randomOf(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** The value as JSON, with keys, white space, escapes and notations of numbers as chance has it. */
export function rewriteAsJson(value: JsonValue, random: Random): string {
  const gap = (): string => pick(random, ['', '', ' ', '\n', '\n  ', '\t', ' \r\n']);
  const write = (item: JsonValue): string => {
    if (typeof item === 'string') return jsonText(item, random);
    if (typeof item === 'number') return numberText(item, random);
    if (Array.isArray(item)) return `[${gap()}${item.map((one) => write(one) + gap()).join(`,${gap()}`)}]`;
    if (typeof item === 'object' && item !== null) {
      return `{${gap()}${shuffled(Object.entries(item), random).map(([key, one]) => `${jsonText(key, random)}${gap()}:${gap()}${write(one)}${gap()}`).join(`,${gap()}`)}}`;
    }
    return String(item);
  };
  return `${gap()}${write(value)}${gap()}`;
}

/** The value as YAML: block and flow, all ways of quoting, comments, blank lines, indentation and line ends as chance has it. */
export function rewriteAsYaml(value: JsonValue, random: Random): string {
  const step = pick(random, [2, 3, 4]);
  const lines: string[] = random() < 0.3 ? ['---'] : [];
  new YamlWriter(random, step, lines).block(value, 0, '');
  const end = pick(random, ['\n', '\n', '\r\n']);
  return lines.join('\n').replaceAll('\n', end) + end;
}

class YamlWriter {
  readonly #random: Random;
  readonly #step: number;
  readonly #lines: string[];

  constructor(random: Random, step: number, lines: string[]) {
    this.#random = random;
    this.#step = step;
    this.#lines = lines;
  }

  /** `head` is what stands before the value on its line: a key or a dash, with its indentation. */
  block(value: JsonValue, indent: number, head: string): void {
    if (head !== '' && (!isCollection(value) || this.#random() < 0.15)) return this.#line(value, indent, head);
    if (!isCollection(value)) return this.#line(value, indent, head);
    if (head !== '') this.#lines.push(head + this.#comment());
    this.#noise(indent);
    const pad = ' '.repeat(indent);
    if (Array.isArray(value)) for (const item of value) this.block(item, indent + this.#step, `${pad}-`);
    else for (const [key, item] of shuffled(Object.entries(value), this.#random)) this.block(item, indent + this.#step, `${pad}${this.#quoted(key)}:`);
  }

  /** The value on the line of its head, but for texts of several lines. */
  #line(value: JsonValue, indent: number, head: string): void {
    const space = head === '' ? '' : pick(this.#random, [' ', ' ', '   ']);
    if (typeof value === 'string' && head !== '' && canBeLiteral(value) && this.#random() < 0.6) {
      this.#lines.push(`${head}${space}${value.endsWith('\n') ? '|' : '|-'}`);
      const body = value.endsWith('\n') ? value.slice(0, -1) : value;
      for (const line of body.split('\n')) this.#lines.push(line === '' ? '' : ' '.repeat(indent) + line);
      return;
    }
    this.#lines.push(`${head}${space}${this.#flow(value)}${this.#comment()}`);
    if (head !== '') this.#noise(indent);
  }

  #flow(value: JsonValue): string {
    const gap = (): string => pick(this.#random, ['', ' ']);
    if (typeof value === 'string') return this.#quoted(value);
    if (typeof value === 'number') return numberText(value, this.#random);
    if (value === null) return pick(this.#random, ['null', '~', 'NULL']);
    if (typeof value === 'boolean') return pick(this.#random, value ? ['true', 'True', 'TRUE'] : ['false', 'False', 'FALSE']);
    if (Array.isArray(value)) return `[${gap()}${value.map((item) => this.#flow(item)).join(`${gap()}, `)}${gap()}]`;
    return `{${gap()}${shuffled(Object.entries(value), this.#random).map(([key, item]) => `${this.#quoted(key)}: ${this.#flow(item)}`).join(`${gap()}, `)}${gap()}}`;
  }

  #quoted(text: string): string {
    const ways = [yamlText(text)];
    if (/^[\x20-\x7e]*$/.test(text)) ways.push(`'${text.replaceAll("'", "''")}'`);
    if (isPlain(text)) ways.push(text, text);
    return pick(this.#random, ways);
  }

  #comment(): string {
    return this.#random() < 0.15 ? ` # ${pick(this.#random, ['a word', 'key: value', '- "', '{['])}` : '';
  }

  #noise(indent: number): void {
    if (this.#random() < 0.1) this.#lines.push('');
    if (this.#random() < 0.1) this.#lines.push(`${' '.repeat(pick(this.#random, [0, indent]))}# between`);
  }
}

function isCollection(value: JsonValue): value is JsonValue[] | { [key: string]: JsonValue } {
  return typeof value === 'object' && value !== null && Object.keys(value).length > 0;
}

/** Words that mean nothing else, and so need no quotes. */
function isPlain(text: string): boolean {
  return /^[A-Za-z][A-Za-z0-9_-]*(?: [A-Za-z0-9_-]+)*$/.test(text) && !/^(?:true|false|null|yes|no|on|off|y|n)$/i.test(text);
}

function canBeLiteral(text: string): boolean {
  return /^[^\s][\x20-\x7e\n\t\u00e0-\u017f\u4e00-\u9fff]*$/.test(text) && text.includes('\n') && !/\n\n$|\n[ \t]+(?:\n|$)|[ \t]$/.test(text);
}

function jsonText(text: string, random: Random): string {
  const plain = JSON.stringify(text);
  if (random() < 0.7) return plain;
  return plain.replaceAll(/\\u[0-9a-f]{4}|\\.|[^"\\]/gu, (char) => {
    if (char === '/' && random() < 0.5) return '\\/';
    return char.startsWith('\\') || random() >= 0.15 ? char : Array.from({ length: char.length }, (_, at) => `\\u${char.charCodeAt(at).toString(16).padStart(4, '0')}`).join('');
  });
}

function yamlText(text: string): string {
  return JSON.stringify(text).replaceAll(/[\u007f-\u00a0\u2028\u2029\ufeff]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

function numberText(value: number, random: Random): string {
  const ways = [String(value), value.toExponential()];
  if (Number.isInteger(value)) ways.push(`${String(value)}.0`, `${String(value)}.000`);
  else if (!String(value).includes('e')) ways.push(`${String(value)}00`);
  return pick(random, ways);
}

function shuffled<T>(items: readonly T[], random: Random): T[] {
  const result = [...items];
  for (let at = result.length - 1; at > 0; at -= 1) {
    const other = Math.floor(random() * (at + 1));
    const [a, b] = [result[at], result[other]];
    if (a !== undefined && b !== undefined) [result[at], result[other]] = [b, a];
  }
  return result;
}

function pick<T>(random: Random, items: readonly T[]): T {
  const item = items[Math.floor(random() * items.length)];
  if (item === undefined) throw new Error('there is nothing to choose from');
  return item;
}
