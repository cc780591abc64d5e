/** A text cut to at most `maxBytes` of UTF-8, the marker at its end included, between two characters. A short one stays as it is. */
export function cutText(text: string, maxBytes: number, marker = ''): string {
  const bytes = Buffer.from(text, 'utf8');
  if (bytes.length <= maxBytes) return text;
  let end = Math.max(0, maxBytes - Buffer.byteLength(marker));
  // Back to the start of a character that would be split; its later bytes are 10xxxxxx (RFC 3629).
  while (end > 0 && ((bytes[end] ?? 0) & 0xc0) === 0x80) end -= 1;
  return bytes.toString('utf8', 0, end) + marker;
}
