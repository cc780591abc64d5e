/** Arguments that come from another process, each as what it has to be. They fail with a TypeError, as a wrong call does in one process. */
export function text(value: unknown): string {
  if (typeof value !== 'string') throw new TypeError('this argument is a text');
  return value;
}

export function number(value: unknown): number {
  if (typeof value !== 'number') throw new TypeError('this argument is a number');
  return value;
}

export function given(value: unknown): object {
  if (typeof value !== 'object' || value === null) throw new TypeError('this argument is an object');
  return value;
}

export function listOfTexts(value: unknown): readonly string[] {
  if (!Array.isArray(value)) throw new TypeError('this argument is a list');
  return (value as readonly unknown[]).map(text);
}

export function textsByName(value: unknown): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(given(value)).map(([name, member]) => [name, text(member)]));
}

/** `null` is how JSON says what was left out. */
export function memberOf(value: unknown, name: string): unknown {
  const member: unknown = typeof value === 'object' && value !== null && Object.hasOwn(value, name) ? (value as Record<string, unknown>)[name] : undefined;
  return member === null ? undefined : member;
}
