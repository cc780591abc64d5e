import { type Duration, LIMITS, parseDuration, type Retry, type RetryPolicy } from '@kb-labs/contracts';

/** A condition as text. `null` stands for `success()`. */
export function toCondition(written: string | boolean | undefined): string | null {
  if (written === undefined) return null;
  return typeof written === 'boolean' ? String(written) : written;
}

export function toTemplates(env: Readonly<Record<string, string | number | boolean>> | undefined): Record<string, string> {
  return Object.fromEntries(Object.entries(env ?? {}).map(([name, value]) => [name, String(value)]));
}

/** A list that names something. */
export function listed(names: readonly string[] | undefined): readonly string[] | undefined {
  return names === undefined || names.length === 0 ? undefined : names;
}

export function toRetryPolicy(retry: Retry | undefined): RetryPolicy {
  return {
    max: retry?.max ?? 0,
    backoff: retry?.backoff ?? 'exponential',
    initialMs: toMs(retry?.initial) ?? 1_000,
    capMs: Math.min(toMs(retry?.cap) ?? 60_000, LIMITS.retryCapMs),
    jitter: retry?.jitter ?? true,
    ...(retry?.on === undefined ? {} : { on: retry.on }),
  };
}

export function toMs(duration: Duration | undefined): number | undefined {
  return duration === undefined ? undefined : parseDuration(duration);
}

/** The fields that are not `undefined`, so that what was not written is not there. */
export function present<Fields extends object>(fields: Fields): { [Name in keyof Fields]?: Exclude<Fields[Name], undefined> } {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as {
    [Name in keyof Fields]?: Exclude<Fields[Name], undefined>;
  };
}
