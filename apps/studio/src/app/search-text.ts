/** What stands behind the `?` of an address: texts and nothing else, so that a branch named `1` or `true` stays one and no value is written in quotes. */
export function parseSearch(text: string): Record<string, string> {
  return Object.fromEntries(new URLSearchParams(text));
}

export function stringifySearch(search: Readonly<Record<string, unknown>>): string {
  const parts = new URLSearchParams();
  for (const [key, value] of Object.entries(search)) {
    if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') parts.set(key, String(value));
  }
  const text = parts.toString();
  return text === '' ? '' : `?${text}`;
}
