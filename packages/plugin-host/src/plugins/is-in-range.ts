/** A pre-release of the very version a range names is in the range: it is what its author is working on. */
export async function isInRange(version: string, range: string): Promise<boolean> {
  const { default: satisfies } = await import('semver/functions/satisfies.js');
  return satisfies(version, range, { includePrerelease: true });
}
