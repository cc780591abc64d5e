import { LIMITS } from '@kb-labs/contracts';

import { type LocatedNode, TextProblems } from './located.js';
import { type Place, placesOf } from './place.js';
import { readJson } from './read-json.js';
import { readYaml } from './read-yaml.js';

/** A text to read: what is in it, and the file as diagnostics show it. A name that ends in `.json` is read as strict JSON. */
export interface Source {
  readonly text: string;
  readonly file: string;
}

/** A text after reading: its tree, as far as there is one, and what is wrong with the text itself. */
export interface ReadDocument {
  readonly file: string;
  /** Without a byte order mark. */
  readonly text: string;
  readonly root: LocatedNode | undefined;
  readonly problems: TextProblems;
  readonly placeAt: (offset: number) => Place;
}

export function readDocument(source: Source): ReadDocument {
  const text = source.text.startsWith('\uFEFF') ? source.text.slice(1) : source.text;
  const problems = new TextProblems();
  if (byteLength(text, LIMITS.documentBytes) > LIMITS.documentBytes) {
    problems.add('DOCUMENT_TOO_LARGE', 0, { limit: LIMITS.documentBytes });
    return { file: source.file, text, root: undefined, problems, placeAt: () => ({ line: 1, column: 1 }) };
  }
  const placeAt = placesOf(text);
  const json = source.file.toLowerCase().endsWith('.json');
  const readable = checkCharacters(text, json, problems);
  const root = readable ? (json ? readJson(text, problems, placeAt) : readYaml(text, problems, placeAt)) : undefined;
  return { file: source.file, text, root, problems, placeAt };
}

/** Bytes of the text in UTF-8, counted no further than just above `limit`. */
function byteLength(text: string, limit: number): number {
  if (text.length > limit || text.length * 3 <= limit) return text.length;
  let bytes = 0;
  for (let at = 0; at < text.length && bytes <= limit; at += 1) {
    const code = text.charCodeAt(at);
    // Each half of a surrogate pair stands for two of the four bytes.
    bytes += code < 0x80 ? 1 : code < 0x800 || (code >= 0xd800 && code <= 0xdfff) ? 2 : 3;
  }
  return bytes;
}

/** Printable characters of YAML 1.2 (section 5.1). */
export const NOT_PRINTABLE = /[^\t\n\r\x20-\x7e\x85\u00a0-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/u;
const HALF_PAIR = /\p{Surrogate}/u;

/** What the syntaxes leave out and their readers let pass: control characters in YAML, halves of pairs in both. */
function checkCharacters(text: string, json: boolean, problems: TextProblems): boolean {
  for (const match of text.matchAll(new RegExp(json ? HALF_PAIR : NOT_PRINTABLE, 'gu'))) {
    const code = (match[0].codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0');
    problems.say('DOCUMENT_SYNTAX', match.index, `the character U+${code} cannot stand in a document`, 'remove it, or write it as an escape in double quotes');
    if (problems.full) break;
  }
  return problems.list.length === 0;
}
