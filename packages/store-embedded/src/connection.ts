import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite';

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
  readonly #statements = new Map<string, StatementSync>();

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
    return this.#prepare(sql).get(...parameters) as Row | undefined;
  }

  all<Row>(sql: string, ...parameters: SQLInputValue[]): Row[] {
    return this.#prepare(sql).all(...parameters) as Row[];
  }

  /** The number of rows that were changed. */
  run(sql: string, ...parameters: SQLInputValue[]): number {
    return Number(this.#prepare(sql).run(...parameters).changes);
  }

  close(): void {
    this.#statements.clear();
    this.#database.close();
  }

  #prepare(sql: string): StatementSync {
    let statement = this.#statements.get(sql);
    if (statement === undefined) {
      statement = this.#database.prepare(sql);
      this.#statements.set(sql, statement);
    }
    return statement;
  }
}
