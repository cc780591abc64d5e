/** The files of a workspace, as far as the engine itself reads them. Paths are relative and cannot leave the root. */
export interface WorkspaceFiles {
  /**
   * GitHub's `hashFiles`: SHA-256 over the SHA-256 of each file that matches one of the patterns, in path order, as hex;
   * an empty text when nothing matches.
   */
  hash(root: string, patterns: readonly string[]): string;
  /** The bytes of one file, or `undefined` when there is none at this path. */
  open(root: string, path: string): Promise<AsyncIterable<Uint8Array> | undefined>;
}
