import type { Clock } from '@kb-labs/ports';

import { LlmFailure } from './llm-failure.js';

export interface Around {
  /** Never shown. */
  readonly key: string | undefined;
  readonly clock: Clock;
}

/** Statuses after which the same request can succeed: those of RFC 9110, 6585 and 8470 that say so; every 5xx, 529 of Anthropic among them. */
const TEMPORARY: ReadonlySet<number> = new Set([408, 409, 425, 429]);
/** A 429 of OpenAI that no waiting helps against. */
const NO_CREDIT = 'insufficient_quota';
const WORDS = 500;
const LONGEST_WAIT_MS = 3_600_000;

/** What an SDK threw, read by its shape. The words of the service are kept, as far as they are fit to be shown. */
export function toFailure(thrown: unknown, around: Around): LlmFailure {
  const inner = failureWithin(thrown);
  if (inner !== undefined) return inner;
  const status = property(thrown, 'status');
  if (typeof status === 'number') return refused(thrown, status, around);
  if (thrown instanceof SyntaxError) return new LlmFailure('the service answered with something that is not JSON');
  return new LlmFailure(`the service cannot be reached: ${showable(deepestMessage(thrown), around)}`);
}

function refused(thrown: unknown, status: number, around: Around): LlmFailure {
  const problem = `the service refused with ${String(status)}: ${showable(wordsOf(thrown), around)}`;
  const isTemporary = (TEMPORARY.has(status) || status >= 500) && property(thrown, 'code') !== NO_CREDIT;
  const waitMs = isTemporary ? retryAfterMs(property(thrown, 'headers'), around.clock) : undefined;
  return new LlmFailure(problem, { httpStatus: status, ...(isTemporary ? (waitMs === undefined ? {} : { kbRetry: waitMs }) : { kbRetry: 'never' }) });
}

/** What our own `fetch` failed with, under what the SDK put around it. */
function failureWithin(thrown: unknown): LlmFailure | undefined {
  for (let at: unknown = thrown, depth = 0; at instanceof Error && depth < 5; at = at.cause, depth += 1) if (at instanceof LlmFailure) return at;
  return undefined;
}

/** `{ error: { message } }` of both protocols, or what the SDK made of the body. */
function wordsOf(thrown: unknown): string {
  const body = property(thrown, 'error');
  const said = property(property(body, 'error'), 'message') ?? property(body, 'message');
  if (typeof said === 'string' && said !== '') return said;
  return thrown instanceof Error ? thrown.message : 'no reason was given';
}

/** `retry-after` is seconds or a date (RFC 9110, 10.2.3); `retry-after-ms` is OpenAI's own. */
function retryAfterMs(headers: unknown, clock: Clock): number | undefined {
  if (!(headers instanceof Headers)) return undefined;
  const exact = Number.parseFloat(headers.get('retry-after-ms') ?? '');
  const written = headers.get('retry-after') ?? '';
  const seconds = /^\s*\d+(?:\.\d+)?\s*$/.test(written) ? Number(written) : (Date.parse(written) - clock.now()) / 1_000;
  const ms = Number.isFinite(exact) ? exact : seconds * 1_000;
  return Number.isFinite(ms) ? Math.min(LONGEST_WAIT_MS, Math.max(0, Math.ceil(ms))) : undefined;
}

function deepestMessage(thrown: unknown): string {
  let at = thrown;
  for (let depth = 0; depth < 5 && at instanceof Error && at.cause instanceof Error; depth += 1) at = at.cause;
  const code = property(at, 'code');
  const message = at instanceof Error ? at.message : String(at);
  return typeof code === 'string' && !message.includes(code) ? `${code} ${message}` : message;
}

/** One line, without the key: a service may say what it was sent. */
export function showable(text: string, { key }: Pick<Around, 'key'>): string {
  const masked = key === undefined || key === '' ? text : text.replaceAll(key, '***');
  const line = masked.replace(/[\p{Cc}\p{Cf}\s]+/gu, ' ').trim();
  return line.length > WORDS ? `${line.slice(0, WORDS)} …` : line;
}

function property(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null && name in value ? (value as Record<string, unknown>)[name] : undefined;
}
