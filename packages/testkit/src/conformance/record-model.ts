import type { RecordChange, StoredRecord } from '@kb-labs/ports';

interface ModelRecord extends StoredRecord {
  readonly expiresAt: number;
}

/** What records must do, small enough to be seen to be right. */
export class RecordModel {
  readonly #records = new Map<string, ModelRecord>();

  write(changes: readonly RecordChange[], now: number): boolean {
    const found = changes.map((change) => this.#find(change, now)?.version ?? 0);
    if (changes.some(({ expected }, index) => expected !== undefined && expected !== found[index])) return false;
    for (const [index, change] of changes.entries()) {
      const { kind, key } = change;
      if ('remove' in change) this.#records.delete(`${kind} ${key}`);
      else this.#records.set(`${kind} ${key}`, { key, version: (found[index] ?? 0) + 1, value: change.value, expiresAt: change.expiresAt ?? Infinity });
    }
    return true;
  }

  list(kind: string, now: number): StoredRecord[] {
    const fitting = [...this.#records].filter(([name, record]) => name.startsWith(`${kind} `) && record.expiresAt > now);
    return fitting.map(([, { key, version, value }]) => ({ key, version, value })).sort((a, b) => comparedByBytes(a.key, b.key));
  }

  #find({ kind, key }: { kind: string; key: string }, now: number): ModelRecord | undefined {
    const found = this.#records.get(`${kind} ${key}`);
    return found !== undefined && found.expiresAt > now ? found : undefined;
  }
}

export function comparedByBytes(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}
