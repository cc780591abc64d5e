import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import type { CheckedDocument, CheckedDocuments, WorkflowSource } from '@kb-labs/ports';
import { makeFolder } from '@kb-labs/store-embedded';

import { RecentDocuments } from './recent-documents.js';

interface Entry {
  readonly build: string;
  readonly text: string;
  readonly document: CheckedDocument;
}

export interface CheckedDocumentsOptions {
  readonly dir: string;
  /** Names the code that checks: an entry of another build is not believed. */
  readonly build: string;
}

/**
 * Checked documents as files, one for each document, which holds its text: comparing that is exact and needs no digest.
 * They are read and written at once: they are small, and a run waits for them. Whatever is wrong with a file makes it a document that was not checked yet.
 * What was read or written lately is answered from memory: as an entry stands for a text, it cannot be out of date.
 */
export function fileCheckedDocuments({ dir, build }: CheckedDocumentsOptions): CheckedDocuments {
  const recent = new RecentDocuments();
  return {
    async read(source) {
      const known = recent.get(source);
      if (known !== undefined) return known;
      try {
        const written = readFileSync(join(dir, fileName(source)), 'utf8');
        const entry = JSON.parse(written) as Entry;
        return entry.build === build && entry.text === source.text ? recent.keep(source, entry.document, written.length) : undefined;
      } catch {
        return undefined;
      }
    },
    async write(source, document) {
      const path = join(dir, fileName(source));
      const entry: Entry = { build, text: source.text, document };
      recent.forget(source);
      try {
        makeFolder(dir);
        writeFileSync(`${path}.${process.pid}`, JSON.stringify(entry), { mode: 0o600 });
        renameSync(`${path}.${process.pid}`, path);
      } catch {
        // It is checked again next time.
      }
    },
  };
}

/** Two documents that come out the same take turns in one file. */
function fileName(source: WorkflowSource): string {
  return `${source.file.replaceAll(/[^A-Za-z0-9.-]/g, '_').slice(-200)}.json`;
}
