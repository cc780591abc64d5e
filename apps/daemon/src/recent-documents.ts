import type { CheckedDocument, WorkflowSource } from '@kb-labs/ports';

/** Of all documents together, as they are written. */
const CHARACTERS = 4 * 1024 * 1024;

interface Kept {
  readonly text: string;
  readonly document: CheckedDocument;
  readonly size: number;
}

/** Checked documents in memory, by their file; the least recently used goes first. Runs share them, so nobody can change one. */
export class RecentDocuments {
  readonly #kept = new Map<string, Kept>();
  #characters = 0;

  get({ file, text }: WorkflowSource): CheckedDocument | undefined {
    const kept = this.#kept.get(file);
    if (kept?.text !== text) return undefined;
    this.#kept.delete(file);
    this.#kept.set(file, kept);
    return kept.document;
  }

  /** Answers the document, which cannot be changed from now on. `size` is the number of characters it is written with. */
  keep(source: WorkflowSource, document: CheckedDocument, size: number): CheckedDocument {
    this.forget(source);
    freeze(document);
    if (size > CHARACTERS) return document;
    this.#kept.set(source.file, { text: source.text, document, size });
    this.#characters += size;
    for (const [file, oldest] of this.#kept) {
      if (this.#characters <= CHARACTERS) break;
      this.#kept.delete(file);
      this.#characters -= oldest.size;
    }
    return document;
  }

  forget({ file }: WorkflowSource): void {
    this.#characters -= this.#kept.get(file)?.size ?? 0;
    this.#kept.delete(file);
  }
}

/** With everything in it. It was JSON, which is no deeper than what was checked. */
function freeze(value: unknown): void {
  if (typeof value !== 'object' || value === null) return;
  Object.freeze(value);
  for (const member of Object.values(value)) freeze(member);
}
