import * as z from 'zod/mini';

import type { JsonObject, JsonValue } from '../json.js';

/** A type with everything in it readonly, so that types that are written and types that are inferred can be compared. */
export type Frozen<T> = [JsonValue] extends [T] ? T : FrozenPart<T>;
type FrozenPart<T> = T extends JsonPrimitive ? T : T extends readonly (infer Item)[] ? readonly Frozen<Item>[] : { readonly [Key in keyof T]: Frozen<T[Key]> };

type JsonPrimitive = string | number | boolean | null | undefined;

/** With nothing optional: a part that one of two types lacks is no difference otherwise, when the other may lack it. */
type Whole<T> = [JsonValue] extends [T] ? T : WholePart<T>;
type WholePart<T> = T extends JsonPrimitive ? T : T extends readonly (infer Item)[] ? readonly Whole<Item>[] : { readonly [Key in keyof T]-?: Whole<T[Key]> };

type Covers<A, B> = [A] extends [B] ? ([B] extends [A] ? unknown : never) : never;
type Same<A, B> = Covers<Frozen<A>, Frozen<B>> & Covers<Whole<A>, Whole<B>>;

/** The schema of a type that is written elsewhere. Does not compile unless both say the same. */
export function schemaOf<Written>(): <Schema extends z.ZodMiniType>(schema: Schema & Same<Written, z.output<Schema>>) => z.ZodMiniType<Written, Written> {
  return (schema) => schema as unknown as z.ZodMiniType<Written, Written>;
}

/** What has come as JSON is JSON: nothing is left to check. */
export const json = z.unknown() as unknown as z.ZodMiniType<JsonValue, JsonValue>;
export const jsonObject = z.record(z.string(), z.unknown()) as unknown as z.ZodMiniType<JsonObject, JsonObject>;

/** A whole number in a query. */
export function wholeNumber(least: number, most: number): z.ZodMiniType<number, string> {
  return z.pipe(z.pipe(z.string().check(z.regex(/^\d{1,15}$/, { error: 'a whole number' })), z.transform(Number)), z.int().check(z.gte(least), z.lte(most)));
}

export const instant = z.iso.datetime({ offset: true });

export function pageOf<Item>(item: z.ZodMiniType<Item, Item>): z.ZodMiniType<{ readonly items: readonly Item[]; readonly nextCursor?: string }> {
  return z.strictObject({ items: z.array(item), nextCursor: z.exactOptional(z.string()) });
}

/** A page of the routes of `/v1`, whose names are in snake_case. */
export function wirePageOf<Item>(item: z.ZodMiniType<Item, Item>): z.ZodMiniType<{ readonly items: readonly Item[]; readonly next_cursor?: string }> {
  return z.strictObject({ items: z.array(item), next_cursor: z.exactOptional(z.string()) });
}
