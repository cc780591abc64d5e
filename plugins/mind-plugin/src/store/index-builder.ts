import { createHash } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';

import type { Passage } from '../passages/passage.js';
import { rememberingTerms, type Terms } from '../terms/terms-of.js';
import { eachPosting, type IndexedFile, type IndexHeader, type SearchIndex, termAt, type TermTable } from './search-index.js';
import { VarintWriter } from './varint.js';

/** A word of a heading, of a declared name or of the file's name tells more than one of the text. */
const TITLE_WEIGHT = 3;
const NAME_WEIGHT = 3;
const FOLDER_WEIGHT = 1;
const MOST_WEIGHT = 255;

/** So many terms are written before others get their turn: a step can share its process with others. */
const TERMS_AT_A_TIME = 20_000;

/** What a passage is embedded by, and known by when its vector is looked for: file and title are part of what it says. */
export function embeddedText(path: string, { title, text }: Passage): string {
  return `${path}\n${title}\n${text}`;
}

/** Makes an index out of files that were read and of what an earlier index knows of files that have not changed. */
export class IndexBuilder {
  readonly #earlier: SearchIndex | undefined;
  readonly #termsOf: Terms = rememberingTerms();
  readonly #files: IndexedFile[] = [];
  readonly #file: number[] = [];
  readonly #startLine: number[] = [];
  readonly #endLine: number[] = [];
  readonly #length: number[] = [];
  readonly #hashes: number[] = [];
  readonly #ids = new Map<string, number>();
  /** Term and passage and weight, one after the other: an object for each would take many times the memory. */
  #entries = new Uint32Array(3 * 65_536);
  #used = 0;
  readonly #moved: Int32Array;
  readonly #firstPassages: Uint32Array;

  constructor(earlier?: SearchIndex) {
    this.#earlier = earlier;
    this.#moved = new Int32Array(earlier?.passages.file.length ?? 0).fill(-1);
    this.#firstPassages = firstPassages(earlier);
  }

  /**
   * Takes over a file of the earlier index, with its place there; `now` is what it is like now. Files are kept and added in the order of
   * their paths, always: the postings of both are then in order, and an index that was brought up to date is the one made anew.
   */
  keep(place: number, now: IndexedFile): void {
    const passages = this.#earlier?.passages;
    const first = this.#firstPassages[place] ?? 0;
    for (let at = first; at < first + now.passages; at += 1) {
      this.#moved[at] = this.#file.length;
      this.#file.push(this.#files.length);
      this.#startLine.push(passages?.startLine[at] ?? 0);
      this.#endLine.push(passages?.endLine[at] ?? 0);
      this.#length.push(passages?.terms[at] ?? 0);
      this.#hashes.push(passages?.hashes[2 * at] ?? 0, passages?.hashes[2 * at + 1] ?? 0);
    }
    this.#files.push(now);
  }

  add(file: Omit<IndexedFile, 'passages'>, passages: readonly Passage[]): void {
    const before = this.#file.length;
    const ofPath = this.#termsOfPath(file.path);
    for (const passage of passages) this.#addPassage(file.path, passage, ofPath);
    this.#files.push({ ...file, passages: this.#file.length - before });
  }

  async build(header: IndexHeader): Promise<SearchIndex> {
    return {
      header,
      files: this.#files,
      passages: {
        file: Uint32Array.from(this.#file),
        startLine: Uint32Array.from(this.#startLine),
        endLine: Uint32Array.from(this.#endLine),
        terms: Uint32Array.from(this.#length),
        hashes: Uint32Array.from(this.#hashes),
      },
      terms: await this.#termTable(),
    };
  }

  #termsOfPath(path: string): ReadonlyMap<string, number> {
    const weights = new Map<string, number>();
    const slash = path.lastIndexOf('/');
    for (const term of this.#termsOf(path.slice(0, slash + 1))) weights.set(term, FOLDER_WEIGHT);
    for (const term of this.#termsOf(path.slice(slash + 1))) weights.set(term, NAME_WEIGHT);
    return weights;
  }

  /** One without a word is left out: nothing would find it. */
  #addPassage(path: string, passage: Passage, ofPath: ReadonlyMap<string, number>): void {
    const inText = this.#termsOf(passage.text);
    if (inText.length === 0) return;
    const weights = new Map(ofPath);
    const weigh = (term: string, weight: number): void => void weights.set(term, Math.min(MOST_WEIGHT, (weights.get(term) ?? 0) + weight));
    for (const term of inText) weigh(term, 1);
    for (const term of new Set(this.#termsOf(passage.title))) weigh(term, TITLE_WEIGHT);
    const id = this.#file.length;
    for (const [term, weight] of weights) this.#enter(term, id, weight);
    const digest = createHash('sha256').update(embeddedText(path, passage)).digest();
    this.#file.push(this.#files.length);
    this.#startLine.push(passage.startLine);
    this.#endLine.push(passage.endLine);
    this.#length.push(inText.length);
    this.#hashes.push(digest.readUInt32LE(0), digest.readUInt32LE(4));
  }

  #enter(name: string, passage: number, weight: number): void {
    let term = this.#ids.get(name);
    if (term === undefined) {
      term = this.#ids.size;
      this.#ids.set(name, term);
    }
    if (this.#used + 3 > this.#entries.length) {
      const larger = new Uint32Array(this.#entries.length * 2);
      larger.set(this.#entries);
      this.#entries = larger;
    }
    this.#entries[this.#used] = term;
    this.#entries[this.#used + 1] = passage;
    this.#entries[this.#used + 2] = weight;
    this.#used += 3;
  }

  /** Goes through the earlier terms and the new ones side by side, both in order. */
  async #termTable(): Promise<TermTable> {
    const { order, starts } = this.#byTerm();
    const added = [...this.#ids.keys()].sort();
    const earlier = this.#earlier?.terms;
    const earlierTerms = earlier?.nameEnds.length ?? 0;
    const table = new TermWriter();
    let at = 0;
    let old = 0;
    let oldName = earlier === undefined || old >= earlierTerms ? undefined : termAt(earlier, old);
    while (at < added.length || oldName !== undefined) {
      const name = added[at];
      const isOld = oldName !== undefined && (name === undefined || oldName <= name);
      const isNew = name !== undefined && (oldName === undefined || name <= oldName);
      const term = isNew ? (this.#ids.get(name) ?? 0) : 0;
      const end = isNew ? (starts[term + 1] ?? 0) : 0;
      let entry = isNew ? (starts[term] ?? 0) : 0;
      const addedBefore = (passage: number): void => {
        for (; entry < end; entry += 1) {
          const place = order[entry] ?? 0;
          const id = this.#entries[place + 1] ?? 0;
          if (id > passage) return;
          table.posting(id, this.#entries[place + 2] ?? 0);
        }
      };
      if (isOld && earlier !== undefined) {
        eachPosting(earlier, old, (passage, weight) => {
          const moved = this.#moved[passage] ?? -1;
          if (moved < 0) return;
          addedBefore(moved);
          table.posting(moved, weight);
        });
      }
      addedBefore(Number.POSITIVE_INFINITY);
      table.end((isOld ? oldName : name) ?? '');
      if (isNew) at += 1;
      if (isOld && earlier !== undefined) {
        old += 1;
        oldName = old < earlierTerms ? termAt(earlier, old) : undefined;
      }
      if ((at + old) % TERMS_AT_A_TIME === 0) await setImmediate();
    }
    return table.table();
  }

  /** Entries of one term side by side, in the order they were made: sorted by counting. */
  #byTerm(): { readonly order: Uint32Array; readonly starts: Uint32Array } {
    const starts = new Uint32Array(this.#ids.size + 1);
    for (let at = 0; at < this.#used; at += 3) starts[(this.#entries[at] ?? 0) + 1] = (starts[(this.#entries[at] ?? 0) + 1] ?? 0) + 1;
    for (let term = 1; term < starts.length; term += 1) starts[term] = (starts[term] ?? 0) + (starts[term - 1] ?? 0);
    const next = starts.slice();
    const order = new Uint32Array(this.#used / 3);
    for (let at = 0; at < this.#used; at += 3) {
      const term = this.#entries[at] ?? 0;
      order[next[term] ?? 0] = at;
      next[term] = (next[term] ?? 0) + 1;
    }
    return { order, starts };
  }
}

class TermWriter {
  readonly #names: string[] = [];
  readonly #nameEnds: number[] = [];
  readonly #postingEnds: number[] = [];
  readonly #found: number[] = [];
  readonly #postings = new VarintWriter();
  #bytes = 0;
  #last = -1;
  #count = 0;

  posting(passage: number, weight: number): void {
    this.#postings.write(passage - this.#last - 1);
    this.#postings.write(weight);
    this.#last = passage;
    this.#count += 1;
  }

  /** A term that no passage holds any more goes. */
  end(name: string): void {
    if (this.#count > 0) {
      this.#names.push(name);
      this.#bytes += Buffer.byteLength(name);
      this.#nameEnds.push(this.#bytes);
      this.#postingEnds.push(this.#postings.length);
      this.#found.push(this.#count);
    }
    this.#last = -1;
    this.#count = 0;
  }

  table(): TermTable {
    return {
      names: Buffer.from(this.#names.join('')),
      nameEnds: Uint32Array.from(this.#nameEnds),
      postings: this.#postings.bytes(),
      postingEnds: Uint32Array.from(this.#postingEnds),
      found: Uint32Array.from(this.#found),
    };
  }
}

/** Passages of a file stand together, in the order of the files. */
function firstPassages(index: SearchIndex | undefined): Uint32Array {
  const firsts = new Uint32Array((index?.files.length ?? 0) + 1);
  for (const [at, file] of (index?.files ?? []).entries()) firsts[at + 1] = (firsts[at] ?? 0) + file.passages;
  return firsts;
}
