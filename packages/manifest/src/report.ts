import type { DocumentPath, ErrorCode, Finding, JsonObject, JsonValue } from '@kb-labs/contracts';
import { messageOf, nearestName, REGISTER, suggestName } from '@kb-labs/errors';

import { shorten } from './build-tree.js';

/** What a finding says besides its code and path. */
export interface Said {
  /** Fills the register's message. */
  readonly details?: JsonObject;
  /** In place of the register's hint. */
  readonly hint?: string | undefined;
  readonly atKey?: boolean;
  readonly offset?: number;
}

/** A finding in the register's words. */
export function report(code: ErrorCode, path: DocumentPath, said: Said = {}): Finding {
  const hint = said.hint ?? REGISTER[code].hint;
  return {
    code,
    message: messageOf(code, said.details),
    path,
    ...(hint === undefined ? {} : { hint }),
    ...(said.atKey === undefined ? {} : { atKey: said.atKey }),
    ...(said.offset === undefined ? {} : { offset: said.offset }),
  };
}

/** Names compared for one hint: the distance of two names costs their product, and a document may declare thousands. */
const MAX_COMPARED = 100;

/** "did you mean …?", bounded for names and lists that a document controls. */
export function suggest(name: string, known: Iterable<string>): string | undefined {
  if (name.length > 128) return undefined;
  const compared = new Set<string>();
  for (const candidate of known) {
    if (compared.size === MAX_COMPARED) break;
    if (candidate.length <= 128) compared.add(candidate);
  }
  return suggestName(name, [...compared]);
}

/** As `suggest`, but only a near name: for messages that list the names themselves. */
export function suggestNear(name: string, known: readonly string[]): string | undefined {
  const nearest = name.length > 128 ? undefined : nearestName(name, known.slice(0, MAX_COMPARED));
  return nearest === undefined ? undefined : `did you mean "${nearest}"?`;
}

/** What stands in the document, for people. */
export function describeValue(value: JsonValue | undefined): string {
  if (value === null || value === undefined) return 'nothing';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'string') return `the text ${JSON.stringify(shorten(value, 40))}`;
  if (typeof value === 'number') return `the number ${value}`;
  return typeof value === 'boolean' ? String(value) : 'a mapping';
}
