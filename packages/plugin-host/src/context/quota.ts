import { type Quotas, parseSize } from '@kb-labs/contracts';
import { AppError } from '@kb-labs/errors';

type Counted = 'requests' | 'programs' | 'llm-calls' | 'llm-tokens';

/** What one step may still use. Each act asks before it happens. */
export class Quota {
  readonly #quotas: Quotas;
  readonly #used = new Map<Counted, number>();

  constructor(quotas: Quotas) {
    this.#quotas = quotas;
  }

  /** Counts one more. Fails with `QUOTA_EXCEEDED` when there may be none, and counts nothing then. */
  take(name: Exclude<Counted, 'llm-tokens'>): void {
    this.requireLeft(name);
    this.spend(name, 1);
  }

  requireLeft(name: Counted): void {
    const limit = this.#quotas[name];
    if (limit !== undefined && (this.#used.get(name) ?? 0) >= limit) throw new AppError('QUOTA_EXCEEDED', { quota: name, limit });
  }

  /** For what is known only afterwards. */
  spend(name: Counted, amount: number): void {
    this.#used.set(name, (this.#used.get(name) ?? 0) + amount);
  }

  /** What the plugin may keep in all. */
  get storageBytes(): number | undefined {
    const { storage } = this.#quotas;
    return storage === undefined ? undefined : parseSize(storage);
  }
}

/** Of each kind the smaller number; a kind that one does not name is as the other has it. */
export function narrowestQuotas(one: Quotas, other: Quotas): Quotas {
  const names = new Set([...Object.keys(one), ...Object.keys(other)] as (keyof Quotas)[]);
  return Object.fromEntries([...names].map((name) => [name, smaller(one[name], other[name])]));
}

function smaller(one: number | string | undefined, other: number | string | undefined): number {
  return Math.min(...[one, other].map((size) => (size === undefined ? Infinity : (parseSize(size) ?? 0))));
}
