import type { JsonValue } from '@kb-labs/contracts';

export type TypedKind = 'number' | 'integer' | 'json';

/** `value` is `undefined` when nothing was typed. */
export type Typed = { readonly ok: true; readonly value: JsonValue | undefined } | { readonly ok: false; readonly problem: string };

const NUMBER = /^[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$/i;

export function parseTyped(kind: TypedKind, text: string): Typed {
  const wanted = text.trim();
  if (wanted === '') return { ok: true, value: undefined };
  if (kind !== 'json') {
    const value = Number(wanted);
    return NUMBER.test(wanted) && Number.isFinite(value) ? { ok: true, value } : { ok: false, problem: kind === 'integer' ? 'has to be a whole number' : 'has to be a number' };
  }
  try {
    return { ok: true, value: JSON.parse(wanted) as JsonValue };
  } catch (thrown) {
    return { ok: false, problem: `is no JSON: ${thrown instanceof Error ? thrown.message : ''}` };
  }
}
