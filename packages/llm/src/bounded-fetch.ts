import { LlmFailure } from './llm-failure.js';

/** A batch of embeddings is the largest answer there is: 64 vectors of 4,096 numbers of 22 characters are 6 MiB. */
const ANSWER_BYTES = 16 * 1024 * 1024;

/**
 * `fetch` for the SDKs: the whole answer is read within the time of the request, and no more of it than fits. A redirect is an
 * answer that is of no use: what is asked, and the key, go to the address that the operator wrote and nowhere else.
 */
export async function boundedFetch(input: string | URL | Request, init?: RequestInit): Promise<Response> {
  const response = await fetch(input, { ...init, redirect: 'manual' });
  if (response.status >= 300 && response.status < 400) {
    await response.body?.cancel();
    throw new LlmFailure(`the service sends on to another address (${String(response.status)}): correct "llm.url"`, { kbRetry: 'never', httpStatus: response.status });
  }
  const { status, statusText, headers } = response;
  return new Response(await readBytes(response), { status, statusText, headers });
}

async function readBytes({ body }: Response): Promise<Uint8Array<ArrayBuffer> | null> {
  if (body === null) return null;
  const parts: Uint8Array[] = [];
  let bytes = 0;
  for await (const part of body as ReadableStream<Uint8Array>) {
    bytes += part.byteLength;
    if (bytes > ANSWER_BYTES) throw new LlmFailure(`the answer has more than ${String(ANSWER_BYTES)} bytes`, { kbRetry: 'never' });
    parts.push(part);
  }
  return new Uint8Array(Buffer.concat(parts));
}
