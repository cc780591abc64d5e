import { bytesOf, numbersOf, packSections, unpackSections } from './sections.js';
import { VarintReader } from './varint.js';

/** Kind and version of the file. Of any other it is not read but made anew. */
const KIND = 'KBMIND 1';

/** What a file was when it was read. `passages` is 0 for one that holds nothing to index; then `skipped` says why. */
export interface IndexedFile {
  readonly path: string;
  readonly bytes: number;
  readonly modifiedAt: number;
  /** SHA-256 in hex. */
  readonly hash: string;
  /** Size and time tell whether it has changed since. Not so right after a change: a second one could leave both as they are. */
  readonly settled: boolean;
  readonly passages: number;
  readonly skipped?: string;
}

export interface IndexHeader {
  /** When the index was written, ms since the epoch. */
  readonly at: number;
  /** What `mind:index` was told to index. */
  readonly selection: IndexSelection;
  /** The file with the vectors of the passages. */
  readonly vectors?: string;
}

export interface IndexSelection {
  readonly paths?: readonly string[];
  readonly exclude: readonly string[];
  readonly maxFileBytes: number;
}

/** For each passage. `hashes` has two numbers each: of what it is embedded by. */
export interface PassageTable {
  readonly file: Uint32Array;
  readonly startLine: Uint32Array;
  readonly endLine: Uint32Array;
  readonly terms: Uint32Array;
  readonly hashes: Uint32Array;
}

/** Terms in the order of their characters; postings are, passage by passage, the distance from the one before and the weight of the term. */
export interface TermTable {
  readonly names: Uint8Array;
  readonly nameEnds: Uint32Array;
  readonly postings: Uint8Array;
  readonly postingEnds: Uint32Array;
  /** In how many passages. */
  readonly found: Uint32Array;
}

export interface SearchIndex {
  readonly header: IndexHeader;
  readonly files: readonly IndexedFile[];
  readonly passages: PassageTable;
  readonly terms: TermTable;
}

export function packIndex({ header, files, passages, terms }: SearchIndex): Buffer {
  return packSections(KIND, {
    header,
    parts: {
      files: Buffer.from(JSON.stringify(files)),
      file: bytesOf(passages.file),
      startLine: bytesOf(passages.startLine),
      endLine: bytesOf(passages.endLine),
      length: bytesOf(passages.terms),
      hashes: bytesOf(passages.hashes),
      names: terms.names,
      nameEnds: bytesOf(terms.nameEnds),
      postings: terms.postings,
      postingEnds: bytesOf(terms.postingEnds),
      found: bytesOf(terms.found),
    },
  });
}

/** Only the list of files is read; the rest stays as it is in the bytes until a term is looked up. */
export function unpackIndex(bytes: Uint8Array): SearchIndex | undefined {
  const unpacked = unpackSections(KIND, bytes);
  if (unpacked === undefined) return undefined;
  const { parts } = unpacked;
  return {
    header: unpacked.header as IndexHeader,
    files: JSON.parse(Buffer.from(parts['files'] ?? []).toString('utf8')) as readonly IndexedFile[],
    passages: {
      file: numbersOf(parts['file']),
      startLine: numbersOf(parts['startLine']),
      endLine: numbersOf(parts['endLine']),
      terms: numbersOf(parts['length']),
      hashes: numbersOf(parts['hashes']),
    },
    terms: {
      names: parts['names'] ?? new Uint8Array(),
      nameEnds: numbersOf(parts['nameEnds']),
      postings: parts['postings'] ?? new Uint8Array(),
      postingEnds: numbersOf(parts['postingEnds']),
      found: numbersOf(parts['found']),
    },
  };
}

export function termAt({ names, nameEnds }: TermTable, at: number): string {
  return Buffer.from(names.buffer, names.byteOffset, names.byteLength).toString('utf8', at === 0 ? 0 : nameEnds[at - 1], nameEnds[at]);
}

/** Where the first term stands that is not before the given one. */
export function placeOf(terms: TermTable, wanted: string): number {
  let low = 0;
  let high = terms.nameEnds.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (termAt(terms, middle) < wanted) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Every passage that holds the term, in rising order, and how much it weighs there. */
export function eachPosting({ postings, postingEnds }: TermTable, at: number, take: (passage: number, weight: number) => void): void {
  const reader = new VarintReader(postings, at === 0 ? 0 : (postingEnds[at - 1] ?? 0), postingEnds[at] ?? 0);
  let passage = -1;
  while (!reader.done) {
    passage += reader.read() + 1;
    take(passage, reader.read());
  }
}
