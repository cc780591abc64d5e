/** One line of `kb doctor`. `fail` keeps the product from working, `warn` a part of it. */
export interface Check {
  readonly name: string;
  readonly state: 'ok' | 'warn' | 'fail';
  readonly text: string;
  /** What to do. */
  readonly advice?: string;
}

export function ok(name: string, text: string): Check {
  return { name, state: 'ok', text };
}

export function warn(name: string, text: string, advice: string): Check {
  return { name, state: 'warn', text, advice };
}

export function fail(name: string, text: string, advice: string): Check {
  return { name, state: 'fail', text, advice };
}
