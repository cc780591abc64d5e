import type { IncomingMessage } from 'node:http';

import { LIMITS } from '@kb-labs/contracts';
import { AppError } from '@kb-labs/errors';

import { isDeeperThan } from './json-depth.js';

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: false });

/**
 * The JSON in the body of a request; an empty body is `{}`. Fails with `BODY_TYPE`, `BODY_TOO_LARGE` or `REQUEST_INVALID`, and
 * before a byte is read where the headers tell.
 */
export async function readJsonBody(request: IncomingMessage): Promise<unknown> {
  const bytes = await readRawBody(request);
  if (bytes.length === 0) return {};
  checkType(request.headers['content-type']);
  return parseJson(bytes);
}

/** The bytes of a body, whatever they are. Fails with `BODY_TYPE` or `BODY_TOO_LARGE`. */
export async function readRawBody(request: IncomingMessage): Promise<Buffer> {
  const announced = Number(request.headers['content-length'] ?? '0');
  if (announced > LIMITS.valueBytes) throw tooLarge();
  const empty = announced === 0 && request.headers['transfer-encoding'] === undefined;
  if (empty) return Buffer.alloc(0);
  checkEncoding(request.headers['content-encoding']);
  return readBytes(request, LIMITS.valueBytes);
}

/** The bytes of a body as they were sent. Fails with `BODY_TOO_LARGE` as soon as there are more. */
async function readBytes(request: IncomingMessage, most: number): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  try {
    // Left without destroying the request, so that the answer reaches whoever goes on sending …
    for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Uint8Array>) {
      length += chunk.length;
      if (length > most) throw tooLarge();
      chunks.push(chunk);
    }
  } finally {
    // … and what comes is thrown away: left in the way, it would hold up or break the next request of the connection.
    request.resume();
  }
  return Buffer.concat(chunks, length);
}

function tooLarge(): AppError {
  return new AppError('BODY_TOO_LARGE', { limit: LIMITS.valueBytes });
}

function checkEncoding(encoding: string | undefined): void {
  if (encoding === undefined || encoding.trim().toLowerCase() === 'identity') return;
  throw new AppError('BODY_TYPE', { problem: `it is encoded as ${encoding}` }, { hint: 'send it without Content-Encoding' });
}

function checkType(header: string | undefined): void {
  if (header === undefined) throw new AppError('BODY_TYPE', { problem: 'there is no Content-Type' });
  const [type = '', ...parameters] = header.split(';').map((part) => part.trim());
  if (type.toLowerCase() !== 'application/json') throw new AppError('BODY_TYPE', { problem: type === '' ? 'the Content-Type is empty' : type });
  for (const parameter of parameters) {
    const [name = '', value = ''] = parameter.split('=').map((part) => part.trim().toLowerCase());
    if (name === 'charset' && value.replaceAll('"', '') !== 'utf-8' && value !== 'utf8') throw new AppError('BODY_TYPE', { problem: `its charset is ${value}` });
  }
}

/** Fails with `REQUEST_INVALID`, before anything is built for what is nested too deep. */
export function parseJson(bytes: Uint8Array): unknown {
  if (isDeeperThan(bytes, LIMITS.valueDepth)) throw invalid(`body: nested deeper than ${LIMITS.valueDepth} levels`);
  let text: string;
  try {
    text = utf8.decode(bytes);
  } catch {
    throw invalid('body: it is not UTF-8');
  }
  try {
    return JSON.parse(text) as unknown;
  } catch (thrown) {
    throw invalid(`body: ${thrown instanceof Error ? thrown.message : String(thrown)}`);
  }
}

function invalid(problem: string): AppError {
  return new AppError('REQUEST_INVALID', { problem });
}
