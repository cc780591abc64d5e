import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

import { AppError } from '@kb-labs/errors';
import type { Request, Response } from 'express';

import type { BinaryAnswer } from './handler.js';

/** A download that nobody takes is cut off. */
const STALL_MS = 60_000;

/** Answers bytes: all, none to whoever has them, or the one range that was asked for (RFC 9110, 13 and 14). */
export async function sendBytes(response: Response, request: Request, { status, bytes, length, headers }: BinaryAnswer): Promise<void> {
  const etag = headers['ETag'];
  if (etag !== undefined && isKnown(request.get('if-none-match'), etag)) {
    Readable.from(bytes, { objectMode: false }).destroy();
    response.status(304).set({ ...headers }).end();
    return;
  }
  const range = request.method === 'GET' && isCurrent(request.get('if-range'), etag) ? readRange(request.get('range'), length) : undefined;
  const { first, last } = range ?? { first: 0, last: length - 1 };
  response.status(range === undefined ? status : 206).set({ ...headers, 'Accept-Ranges': 'bytes', 'Content-Length': String(last - first + 1) });
  if (range !== undefined) response.set('Content-Range', `bytes ${String(first)}-${String(last)}/${String(length)}`);
  const sent = Readable.from(range === undefined ? bytes : sliceOf(bytes, range), { objectMode: false });
  if (request.method === 'HEAD') {
    sent.destroy();
    response.end();
    return;
  }
  response.setTimeout(STALL_MS, () => response.destroy());
  await pipeline(sent, response).catch(unlessLeft);
}

interface Range {
  readonly first: number;
  /** Included. */
  readonly last: number;
}

/** The one range of a header; `undefined` for none, several, or what is none. Fails with `RANGE_NOT_SATISFIABLE`. */
function readRange(header: string | undefined, length: number): Range | undefined {
  const [, from = '', to = ''] = /^bytes=(\d{0,15})-(\d{0,15})$/i.exec(header ?? '') ?? [];
  if (from === '' && to === '') return undefined;
  const first = from === '' ? Math.max(0, length - Number(to)) : Number(from);
  const last = from === '' || to === '' ? length - 1 : Math.min(Number(to), length - 1);
  if (from !== '' && to !== '' && Number(to) < first) return undefined;
  if (first > last) throw new AppError('RANGE_NOT_SATISFIABLE', { bytes: length });
  return { first, last };
}

async function* sliceOf(bytes: AsyncIterable<Uint8Array>, { first, last }: Range): AsyncGenerator<Uint8Array> {
  let at = 0;
  for await (const chunk of bytes) {
    const part = chunk.subarray(Math.max(0, first - at), last - at + 1);
    at += chunk.byteLength;
    if (part.byteLength > 0) yield part;
    // What comes behind the range is not read.
    if (at > last) return;
  }
}

function isKnown(header: string | undefined, etag: string): boolean {
  const known = (header ?? '').split(',').map((one) => one.trim().replace(/^W\//, ''));
  return known.includes(etag) || known.includes('*');
}

/** A range of bytes that were replaced meanwhile would not fit those that are there already. */
function isCurrent(header: string | undefined, etag: string | undefined): boolean {
  return header === undefined || header === etag;
}

/** Who has all of a download, or wants no more of it, may hang up: that is no failure. */
function unlessLeft(thrown: unknown): void {
  if (!(thrown instanceof Error && 'code' in thrown && thrown.code === 'ERR_STREAM_PREMATURE_CLOSE')) throw thrown;
}
