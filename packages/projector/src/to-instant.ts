/** ISO 8601 in UTC. */
export function toInstant(at: number): string {
  return new Date(at).toISOString();
}
