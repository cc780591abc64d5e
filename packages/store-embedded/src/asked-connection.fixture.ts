import type { SQLInputValue } from 'node:sqlite';

import { Connection } from './connection.js';

/** Keeps what it is asked. */
export class AskedConnection extends Connection {
  readonly asked = new Set<string>();
  /** How often it was asked for rows, and how many it answered. */
  queries = 0;
  rows = 0;

  override get<Row>(sql: string, ...parameters: SQLInputValue[]): Row | undefined {
    this.asked.add(sql);
    const row = super.get<Row>(sql, ...parameters);
    this.#count(row === undefined ? 0 : 1);
    return row;
  }

  override all<Row>(sql: string, ...parameters: SQLInputValue[]): Row[] {
    this.asked.add(sql);
    const rows = super.all<Row>(sql, ...parameters);
    this.#count(rows.length);
    return rows;
  }

  override run(sql: string, ...parameters: SQLInputValue[]): void {
    this.asked.add(sql);
    super.run(sql, ...parameters);
  }

  override change(sql: string, ...parameters: SQLInputValue[]): number {
    this.asked.add(sql);
    return super.change(sql, ...parameters);
  }

  #count(rows: number): void {
    this.queries += 1;
    this.rows += rows;
  }
}

/** What is looked at as a whole, or sorted. Held tickets may be, as many as jobs run; and what a union has found may be sorted. */
export function wasteOf(connection: Connection, sql: string): string[] {
  const values = Array.from({ length: sql.split('?').length - 1 }, () => null);
  const steps = connection.all<{ id: number; parent: number; detail: string }>(`EXPLAIN QUERY PLAN ${sql}`, ...values);
  const found = new Set(steps.filter((step) => /^(LEFT|RIGHT)$/.test(step.detail)).map((step) => step.id));
  const waste = steps.filter(
    ({ detail, parent }) =>
      (/^SCAN (ticket|claim|wait|own|other|run|record|blob|blob_of_run|kept)\b/.test(detail) && !/USING (COVERING )?INDEX (ticket_held|sqlite_autoindex_run_1)/.test(detail)) ||
      (detail.includes('B-TREE FOR ORDER BY') && !found.has(parent)),
  );
  return waste.map((step) => step.detail);
}
