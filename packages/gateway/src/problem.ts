import { type AppError, fromUnknown, toProblem } from '@kb-labs/errors';
import type { Response } from 'express';

/** Answers with an error (RFC 9457), and what it was taken for. */
export function sendProblem(response: Response, thrown: unknown): AppError {
  const error = fromUnknown(thrown);
  response.status(error.status).type('application/problem+json').send(JSON.stringify({ status: error.status, ...toProblem(error) }));
  return error;
}
