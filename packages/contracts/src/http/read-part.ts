import * as z from 'zod/mini';

/** A value that a schema has accepted, or everything that is wrong with it. */
export type ReadPart =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly problems: readonly PartProblem[] };

export interface PartProblem {
  readonly path: readonly string[];
  readonly message: string;
  /** Keys that are not known at this place. */
  readonly unknownKeys?: readonly string[];
}

const inEnglish = z.locales.en().localeError;
const PREAMBLE = /^Invalid (?:input|option|string|number): /;

/** What should be there, without the library's preamble, and of what is not there at all that it is missing. */
function words(issue: z.core.$ZodRawIssue): string | undefined {
  if (issue.code === 'invalid_type' && issue.input === undefined) return `missing, expected ${issue.expected}`;
  const said = inEnglish(issue);
  return (typeof said === 'string' ? said : said?.message)?.replace(PREAMBLE, '');
}

export function readPart(schema: z.ZodMiniType, value: unknown): ReadPart {
  const read = z.safeParse(schema, value, { error: words });
  if (read.success) return { ok: true, value: read.data };
  return { ok: false, problems: read.error.issues.map(toProblem) };
}

function toProblem(issue: z.core.$ZodIssue): PartProblem {
  const path = issue.path.map(String);
  if (issue.code === 'unrecognized_keys') return { path, message: 'not known', unknownKeys: issue.keys };
  return { path, message: issue.message };
}

/** The keys an object can have, of a schema of one. */
export function keysOf(schema: z.ZodMiniType): readonly string[] {
  return schema instanceof z.ZodMiniObject ? Object.keys(schema.shape) : [];
}
