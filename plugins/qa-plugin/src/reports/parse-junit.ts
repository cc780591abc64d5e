import { SaxesParser } from 'saxes';

import { findPlace } from './find-place.js';
import { addIssue, countOf, emptyReport, type Relative, type Report } from './report.js';

const MAX_DEPTH = 64;
const MAX_ELEMENTS = 2_000_000;
const TEXT_LENGTH = 16_384;
const CHUNK = 65_536;

type Attributes = Readonly<Record<string, string>>;

interface Case {
  readonly attributes: Attributes;
  failed: boolean;
  /** Also of a failure that was expected: node writes both for what is still to do. */
  skipped: boolean;
  readonly problems: { readonly kind: string; readonly attributes: Attributes; text: string }[];
}

/**
 * JUnit's XML, in the shape its many writers have in common: each `testcase` counts once, by what stands inside. Sums in
 * attributes are not looked at. There are no document types in it and no entities but XML's five: a report that has others is broken.
 */
export function parseJunit(text: string, toRelative: Relative): Report {
  const reader = new JunitReader(toRelative);
  try {
    reader.read(text);
  } catch (error) {
    reader.report.problem = error instanceof Error ? error.message.slice(0, 500) : String(error);
  }
  return reader.report;
}

class JunitReader {
  readonly report = emptyReport();
  readonly #toRelative: Relative;
  readonly #files: (string | undefined)[] = [];
  #depth = 0;
  #elements = 0;
  #rooted = false;
  #case: Case | undefined;
  #caseDepth = 0;

  constructor(toRelative: Relative) {
    this.#toRelative = toRelative;
  }

  read(text: string): void {
    const parser = new SaxesParser();
    parser.on('error', (error) => {
      throw error;
    });
    parser.on('doctype', () => {
      throw new Error('a document type is not allowed');
    });
    parser.on('opentag', ({ name, attributes }) => this.#open(name, attributes));
    parser.on('closetag', ({ name }) => this.#close(name));
    parser.on('text', (part) => this.#text(part));
    parser.on('cdata', (part) => this.#text(part));
    for (let at = 0; at < text.length; at += CHUNK) parser.write(text.slice(at, at + CHUNK));
    parser.close();
  }

  #open(name: string, attributes: Attributes): void {
    this.#depth += 1;
    this.#elements += 1;
    if (this.#depth > MAX_DEPTH) throw new Error(`elements are nested more than ${String(MAX_DEPTH)} deep`);
    if (this.#elements > MAX_ELEMENTS) throw new Error(`there are more than ${String(MAX_ELEMENTS)} elements`);
    if (!this.#rooted && name !== 'testsuites' && name !== 'testsuite') throw new Error(`the root is <${name.slice(0, 100)}>, not <testsuites> or <testsuite>`);
    this.#rooted = true;
    const file = attributes['file'] ?? attributes['filepath'];
    this.#files.push(file === undefined || file === '' ? this.#files.at(-1) : file);
    if (name === 'testcase') {
      this.#case = { attributes, failed: false, skipped: false, problems: [] };
      this.#caseDepth = this.#depth;
    } else if (this.#case !== undefined && this.#depth === this.#caseDepth + 1) {
      if (name === 'failure' || name === 'error') {
        this.#case.failed = true;
        if (this.#case.problems.length < 20) this.#case.problems.push({ kind: name, attributes, text: '' });
      } else if (name === 'skipped') {
        this.#case.skipped = true;
      }
    }
  }

  #text(part: string): void {
    const problem = this.#depth === this.#caseDepth + 1 ? this.#case?.problems.at(-1) : undefined;
    if (problem !== undefined && problem.text.length < TEXT_LENGTH) problem.text += part.slice(0, TEXT_LENGTH);
  }

  #close(name: string): void {
    if (name === 'testcase' && this.#case !== undefined) {
      this.#end(this.#case, this.#files.at(-1));
      this.#case = undefined;
    }
    this.#files.pop();
    this.#depth -= 1;
  }

  #end({ attributes, failed, skipped, problems }: Case, written: string | undefined): void {
    this.report[skipped ? 'skipped' : failed ? 'failed' : 'passed'] += 1;
    if (skipped) return;
    const file = written === undefined ? undefined : this.#toRelative(written);
    for (const { kind, attributes: about, text } of problems) {
      const place = findPlace(text, this.#toRelative, file) ?? findPlace(about['message'] ?? '', this.#toRelative, file);
      const line = countOf(attributes['line']);
      addIssue(this.report, {
        ...(place !== undefined && (file === undefined || place.file === file) ? place : { file: file ?? '.', line, column: 0 }),
        severity: 'error',
        rule: kind === 'error' ? 'test-error' : 'test-failed',
        message: `${nameOf(attributes)}: ${reasonOf(about, text)}`,
      });
    }
  }
}

function nameOf({ classname = '', name = '' }: Attributes): string {
  // Some write the path of the file there, node "test" for tests outside of any suite.
  return classname === '' || classname === 'test' || classname.includes('/') || name.startsWith(classname) ? name : `${classname} ${name}`;
}

function reasonOf({ message = '', type = '' }: Attributes, text: string): string {
  if (message.trim() !== '') return message;
  const said = text.trim();
  return said === '' ? type || 'failed' : said;
}
