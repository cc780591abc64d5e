import type { JsonValue } from '@kb-labs/contracts';
import type { Logger } from '@kb-labs/ports';

export interface LoggedEntry {
  readonly level: keyof Logger;
  readonly message: string;
  readonly fields: Readonly<Record<string, JsonValue>>;
}

/** A logger that keeps what it is told. */
export interface MemoryLogger extends Logger {
  readonly entries: readonly LoggedEntry[];
}

export function memoryLogger(): MemoryLogger {
  const entries: LoggedEntry[] = [];
  const at =
    (level: keyof Logger) =>
    (message: string, fields: Readonly<Record<string, JsonValue>> = {}): void =>
      void entries.push({ level, message, fields });
  return { entries, debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}
