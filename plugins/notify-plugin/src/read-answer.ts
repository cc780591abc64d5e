export interface Answer {
  readonly text: string;
  readonly truncated: boolean;
}

/** The beginning of a body as text. What is longer is not read: an answer can be of any size. */
export async function readAnswer(response: Response, maxBytes: number): Promise<Answer> {
  const parts: Uint8Array[] = [];
  let size = 0;
  // Leaving the loop early ends the transfer.
  for await (const part of response.body ?? []) {
    parts.push(part);
    size += part.byteLength;
    if (size > maxBytes) break;
  }
  const bytes = Buffer.concat(parts);
  // A character that the cut went through is left out.
  return { text: new TextDecoder().decode(bytes.subarray(0, maxBytes), { stream: size > maxBytes }), truncated: size > maxBytes };
}
