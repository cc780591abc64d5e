import { AppError } from '@kb-labs/errors';
import type { ConsumedArtifact } from '@kb-labs/ports';

/** `ctx.artifacts.read`. Fails with `ARTIFACT_MISSING` when the job does not consume it, or when its bytes are not all there. */
export async function readConsumed(consumed: readonly ConsumedArtifact[], name: string, signal: AbortSignal): Promise<Uint8Array> {
  const found = consumed.find(({ handle }) => handle.name === name);
  if (found === undefined) throw missing(name, 'the job does not name it under "artifacts.consume"');
  const chunks = await found.open();
  const bytes = new Uint8Array(found.handle.bytes);
  let at = 0;
  for await (const chunk of chunks) {
    signal.throwIfAborted();
    if (at + chunk.byteLength > bytes.byteLength) throw missing(name, `it has more bytes than the ${String(bytes.byteLength)} it was stored with`);
    bytes.set(chunk, at);
    at += chunk.byteLength;
  }
  if (at < bytes.byteLength) throw missing(name, `only ${String(at)} of its ${String(bytes.byteLength)} bytes are there`);
  return bytes;
}

function missing(name: string, problem: string): AppError {
  return new AppError('ARTIFACT_MISSING', { name: String(name).slice(0, 256), problem });
}
