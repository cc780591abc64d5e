import { isJsonObject, type JsonValue } from '@kb-labs/contracts';
import { AppError } from '@kb-labs/errors';

import { parseJson } from './read-body.js';

/**
 * What the body of a delivery says: JSON, or a form. A form with a field `payload` is that field (GitHub and the interactions of
 * Slack), any other is its fields (the commands of Slack). Fails with `BODY_TYPE` or `REQUEST_INVALID`.
 */
export function readDeliveryBody(bytes: Uint8Array, contentType: string | undefined): JsonValue {
  const [type = ''] = (contentType ?? 'application/json').split(';');
  const kind = type.trim().toLowerCase();
  if (kind === 'application/x-www-form-urlencoded') return readForm(bytes);
  if (kind !== 'application/json' && !/^application\/[\w.-]+\+json$/.test(kind)) throw new AppError('BODY_TYPE', { problem: kind === '' ? 'the Content-Type is empty' : kind });
  if (bytes.length === 0) return {};
  return parseJson(bytes) as JsonValue;
}

function readForm(bytes: Uint8Array): JsonValue {
  const fields = Object.fromEntries(new URLSearchParams(Buffer.from(bytes).toString('utf8')));
  const { payload } = fields;
  if (payload === undefined) return fields;
  const value = parseJson(Buffer.from(payload, 'utf8')) as JsonValue;
  if (!isJsonObject(value)) throw new AppError('REQUEST_INVALID', { problem: 'body: its payload is no object' });
  return value;
}
