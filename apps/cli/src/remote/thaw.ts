import type { JsonValue } from '@kb-labs/contracts';

/** A type with nothing in it readonly: what has come over a wire belongs to whoever received it. */
type Thawed<T> = [JsonValue] extends [T] ? T : ThawedPart<T>;
type ThawedPart<T> = T extends string | number | boolean | null | undefined ? T : T extends readonly (infer Item)[] ? Thawed<Item>[] : { -readonly [Key in keyof T]: Thawed<T[Key]> };

export async function thaw<T>(received: Promise<T>): Promise<Thawed<T>> {
  return (await received) as Thawed<T>;
}
