/** Headers of a request by their lower-case names, as Node gives them. */
export type RequestHeaders = Readonly<Record<string, string | readonly string[] | undefined>>;

/** The value of a header; `undefined` when it is missing, empty or there more than once. The case of the name does not count. */
export function headerOf(headers: RequestHeaders, name: string): string | undefined {
  const key = name.toLowerCase();
  const value = Object.hasOwn(headers, key) ? headers[key] : undefined;
  return typeof value === 'string' && value !== '' ? value : undefined;
}
