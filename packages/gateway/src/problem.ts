import { AppError, fromUnknown, REGISTER, toProblem } from '@kb-labs/errors';
import type { Response } from 'express';

/** Answers with an error (RFC 9457), and what it was taken for. */
export function sendProblem(response: Response, thrown: unknown): AppError {
  const error = toAppError(thrown);
  if (error.code === 'UNAUTHENTICATED') response.set('WWW-Authenticate', 'Bearer realm="kb"');
  const { seconds } = error.details;
  if (error.code === 'RATE_LIMITED' && typeof seconds === 'number') response.set('Retry-After', String(Math.max(1, Math.ceil(seconds))));
  const { bytes } = error.details;
  if (error.code === 'RANGE_NOT_SATISFIABLE') response.set('Content-Range', `bytes */${String(bytes)}`);
  response.status(error.status).type('application/problem+json').send(JSON.stringify({ status: error.status, ...toProblem(error) }));
  return error;
}

/** What the router says of a path that cannot be decoded is about the request; so is what a verb says of how it was called, which is hinted at for a terminal. */
function toAppError(thrown: unknown): AppError {
  if (thrown instanceof URIError) return new AppError('REQUEST_INVALID', { problem: 'the path cannot be decoded' });
  const error = fromUnknown(thrown);
  if (error.code !== 'USAGE') return error;
  return new AppError('REQUEST_INVALID', error.details, error.hint === undefined || error.hint === REGISTER.USAGE.hint ? {} : { hint: error.hint });
}
