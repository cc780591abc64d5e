import { DatabaseSync, type SQLInputValue, type SQLOutputValue, type StatementSync } from 'node:sqlite';

/**
 * How long SQLite itself may block the event loop on a locked file, in milliseconds. Short: longer waits are
 * done between turns of the event loop.
 */
const LOCK_WAIT_MS = 3;

/** A bare "LIMIT ?" is part of the plan: SQLite would prepare the statement anew for every number it is given. */
export const AT_MOST = 'LIMIT 0 + ?';

/** One SQLite connection with its statements prepared once. `Row` is the caller's word on the columns it selects. */
export class Connection {
  readonly #database: DatabaseSync;
  readonly #queries = new Map<string, Query>();

  constructor(file: string) {
    this.#database = new DatabaseSync(file, { timeout: LOCK_WAIT_MS, enableForeignKeyConstraints: false });
  }

  get inTransaction(): boolean {
    return this.#database.isTransaction;
  }

  exec(sql: string): void {
    this.#database.exec(sql);
  }

  get<Row>(sql: string, ...parameters: SQLInputValue[]): Row | undefined {
    const { statement, columns } = this.#query(sql);
    const values = statement.get(...parameters) as SQLOutputValue[] | undefined;
    return values === undefined ? undefined : toRow<Row>(columns, values);
  }

  all<Row>(sql: string, ...parameters: SQLInputValue[]): Row[] {
    const { statement, columns } = this.#query(sql);
    return (statement.all(...parameters) as unknown as SQLOutputValue[][]).map((values) => toRow<Row>(columns, values));
  }

  run(sql: string, ...parameters: SQLInputValue[]): void {
    this.#query(sql).statement.get(...parameters);
  }

  /** The key of the row that was inserted; `undefined` when none was. */
  insert(sql: string, ...parameters: SQLInputValue[]): number | undefined {
    const { changes, lastInsertRowid } = this.#query(sql).statement.run(...parameters);
    return Number(changes) === 0 ? undefined : Number(lastInsertRowid);
  }

  /** The number of rows that were changed. */
  change(sql: string, ...parameters: SQLInputValue[]): number {
    return Number(this.#query(sql).statement.run(...parameters).changes);
  }

  close(): void {
    this.#queries.clear();
    this.#database.close();
  }

  #query(sql: string): Query {
    let query = this.#queries.get(sql);
    if (query === undefined) {
      const statement = this.#database.prepare(sql);
      // Node makes the name of each column anew for each row that is an object.
      statement.setReturnArrays(true);
      query = { statement, columns: statement.columns().map((column) => column.name) };
      this.#queries.set(sql, query);
    }
    return query;
  }
}

interface Query {
  readonly statement: StatementSync;
  readonly columns: readonly string[];
}

function toRow<Row>(columns: readonly string[], values: readonly SQLOutputValue[]): Row {
  const row: Record<string, SQLOutputValue> = {};
  for (let index = 0; index < columns.length; index += 1) row[columns[index] ?? ''] = values[index] ?? null;
  return row as Row;
}
