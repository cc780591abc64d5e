/** Lines of a file that belong together. Lines count from 1, both ends are part of it. */
export interface Passage {
  readonly startLine: number;
  readonly endLine: number;
  /** What it is about: the headings above it, the names declared in it. */
  readonly title: string;
  readonly text: string;
}

/** What is longer is divided, at an empty line where there is one. */
export const PASSAGE_LINES = 40;
export const PASSAGE_CHARS = 2_400;
