import type { JsonValue } from '@kb-labs/contracts';

import { type Push } from './matches-push.js';
import type { RequestHeaders } from './request-headers.js';

/** What a delivery says, in the same words for every sender. */
export interface Delivery {
  readonly event: string;
  readonly action?: string;
  /** The sender's id: the same when it is sent again. Absent when the sender gives none. */
  readonly delivery?: string;
  readonly actor?: string;
  readonly ref?: string;
  readonly branch?: string;
  readonly tag?: string;
  readonly sha?: string;
  readonly paths?: readonly string[] | 'unknown';
  /** Whether commits came to a branch or tag that exists now. */
  readonly isPush?: boolean;
}

/** A request whose signature holds, with its body read. */
export interface ReceivedRequest {
  readonly headers: RequestHeaders;
  readonly body: JsonValue;
}

/** The branch or tag that a full name stands for. */
export function namesOf(ref: string | undefined): Pick<Push, 'branch' | 'tag'> {
  const [, kind, name] = /^refs\/(heads|tags)\/(.+)$/s.exec(ref ?? '') ?? [];
  if (name === undefined) return {};
  return kind === 'heads' ? { branch: name } : { tag: name };
}

/** The object without what it does not have. */
export function present<T extends object>(fields: { readonly [K in keyof T]: T[K] | undefined }): T {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as T;
}
