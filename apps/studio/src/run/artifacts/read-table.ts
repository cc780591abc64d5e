export interface TableData {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
  /** How many columns there are besides. */
  readonly left: number;
}

type Cells = Omit<TableData, 'left'>;

/** Rows of JSON, or of text separated by commas, semicolons or tabs (RFC 4180). `undefined` when it is no table. */
export function readTable(text: string): TableData | undefined {
  const table = readCells(text);
  if (table === undefined) return undefined;
  const left = Math.max(0, table.columns.length - COLUMNS);
  return left === 0 ? { ...table, left } : { columns: table.columns.slice(0, COLUMNS), rows: table.rows.map((row) => row.slice(0, COLUMNS)), left };
}

function readCells(text: string): Cells | undefined {
  const begin = text.trimStart()[0];
  if (begin === '[' || begin === '{') {
    const fromJson = tableOf(parsed(text));
    if (fromJson !== undefined) return fromJson;
  }
  const [columns, ...rows] = readSeparated(text, separatorOf(text));
  return columns === undefined || (columns.length === 1 && rows.length === 0) ? undefined : { columns, rows };
}

/** An order for texts that has numbers among them in theirs. */
export function compareCells(one: string, other: string): number {
  const [left, right] = [Number(one), Number(other)];
  if (one.trim() !== '' && other.trim() !== '' && !Number.isNaN(left) && !Number.isNaN(right)) return left - right;
  return ORDER.compare(one, other);
}

const ORDER = new Intl.Collator('en', { numeric: true });

/** More than these nobody looks at, and each is an element in every row. */
const COLUMNS = 200;

function tableOf(value: unknown): Cells | undefined {
  if (isObject(value) && Array.isArray(value['rows'])) {
    const names = value['columns'];
    return Array.isArray(names) && value['rows'].every(Array.isArray) ? { columns: names.map(cellText), rows: (value['rows'] as unknown[][]).map((row) => row.map(cellText)) } : tableOf(value['rows']);
  }
  if (!Array.isArray(value) || value.length === 0) return undefined;
  if (value.every(Array.isArray)) {
    const [columns = [], ...rows] = (value as unknown[][]).map((row) => row.map(cellText));
    return { columns, rows };
  }
  if (!value.every(isObject)) return undefined;
  const columns = [...new Set(value.flatMap((row) => Object.keys(row)))];
  const seen = columns.slice(0, COLUMNS);
  return { columns, rows: value.map((row) => seen.map((name) => (Object.hasOwn(row, name) ? cellText(row[name]) : ''))) };
}

function cellText(value: unknown): string {
  if (value === null || value === undefined) return '';
  return typeof value === 'string' ? value : JSON.stringify(value);
}

export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

/** The one that the first line has most of. */
function separatorOf(text: string): string {
  const line = /^[^\r\n]*/.exec(text)?.[0] ?? '';
  const [most] = [',', ';', '\t'].map((separator) => ({ separator, count: line.split(separator).length })).toSorted((one, other) => other.count - one.count);
  return most?.separator ?? ',';
}

function readSeparated(text: string, separator: string): string[][] {
  const rows: string[][] = [];
  let row: string[] = [];
  let cell = '';
  let quoted = false;
  const endCell = (): void => {
    row.push(cell);
    cell = '';
  };
  const endRow = (): void => {
    endCell();
    // A blank line is no row.
    if (row.length > 1 || row[0] !== '') rows.push(row);
    row = [];
  };
  for (let at = text.startsWith('\uFEFF') ? 1 : 0; at < text.length; at++) {
    const character = text.charAt(at);
    if (quoted) {
      if (character !== '"') cell += character;
      else if (text[at + 1] === '"') {
        cell += '"';
        at += 1;
      } else quoted = false;
    } else if (character === '"' && cell === '') quoted = true;
    else if (character === separator) endCell();
    else if (character === '\n') endRow();
    else if (character !== '\r' || text[at + 1] !== '\n') cell += character;
  }
  endRow();
  return rows;
}
