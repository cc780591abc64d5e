/** What an answer begins with. */
export interface Head {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Whether these are all. */
  readonly whole: boolean;
}

/** Reads `most` bytes of an answer and hangs up. */
export async function readHead(response: Response, most: number): Promise<Head> {
  const reader = response.body?.getReader();
  const chunks: Uint8Array[] = [];
  let length = 0;
  let whole = true;
  for (let part = await reader?.read(); part?.value !== undefined; part = await reader?.read()) {
    chunks.push(part.value);
    length += part.value.length;
    if (length > most) {
      whole = false;
      await reader?.cancel();
      break;
    }
  }
  const bytes = new Uint8Array(Math.min(length, most));
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk.subarray(0, bytes.length - at), at);
    at = Math.min(bytes.length, at + chunk.length);
  }
  return { bytes, whole };
}
