import { padTo, textWidth, truncate } from '../terminal/text-width.js';

export interface TableOptions {
  /** The widest a line may become; the widest columns give way. */
  readonly columns: number;
  readonly header: readonly string[];
  readonly paintHeader: (text: string) => string;
}

const GAP = '  ';
const NARROWEST = 6;

/** Rows as lines with aligned columns. The last column is not padded. */
export function renderTable(rows: readonly (readonly string[])[], options: TableOptions): string[] {
  const all = [options.header, ...rows];
  const widths = fit(options.header.map((_, column) => Math.max(...all.map((row) => textWidth(row[column] ?? '')))), options.columns);
  return all.map((row, index) => {
    const line = row.map((cell, column) => padTo(truncate(cell, widths[column] ?? 0), widths[column] ?? 0)).join(GAP);
    return index === 0 ? options.paintHeader(line.trimEnd()) : line.trimEnd();
  });
}

function fit(widths: readonly number[], columns: number): number[] {
  const fitted = [...widths];
  let surplus = fitted.reduce((sum, width) => sum + width, 0) + GAP.length * (fitted.length - 1) - columns;
  while (surplus > 0) {
    const widest = Math.max(...fitted);
    if (widest <= NARROWEST) break;
    fitted[fitted.indexOf(widest)] = widest - 1;
    surplus -= 1;
  }
  return fitted;
}
