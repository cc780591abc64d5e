import type { Diagnostic, Finding, JsonValue } from '@kb-labs/contracts';

import { dataOf, findPath, PROBLEM_CAP } from './located.js';
import { locateFinding, locateProblem } from './locate.js';
import { readDocument, type ReadDocument, type Source } from './read-document.js';

/** Reads a text to data; `undefined` when there is none, and then the document has a problem. */
export function readData(source: Source, hintIfEmpty: string): { readonly document: ReadDocument; readonly data: JsonValue | undefined } {
  const document = readDocument(source);
  const data = document.root === undefined ? undefined : dataOf(document.root);
  const isEmpty = document.root === undefined ? document.problems.list.length === 0 : data === null && document.root.kind === 'scalar';
  if (isEmpty) document.problems.say('MISSING_KEY', 0, 'the document is empty', hintIfEmpty);
  return { document, data: isEmpty ? undefined : data };
}

/**
 * The problems of a text and what its checks found, with places, in the order of the text. Takes findings only until
 * there are enough, and leaves out those about parts that were refused already.
 */
export function collectDiagnostics(document: ReadDocument, findings: Iterable<Finding>): Diagnostic[] {
  const diagnostics = document.problems.list.map((problem) => locateProblem(document, problem));
  const seen = new Set<string>();
  for (const finding of findings) {
    if (diagnostics.length >= PROBLEM_CAP) break;
    if (isAboutBroken(document, finding)) continue;
    const diagnostic = locateFinding(document, finding);
    const key = `${diagnostic.line}:${diagnostic.column}:${diagnostic.code}:${diagnostic.message}`;
    if (seen.has(key)) continue;
    seen.add(key);
    diagnostics.push(diagnostic);
  }
  return diagnostics.toSorted((a, b) => a.line - b.line || a.column - b.column);
}

function isAboutBroken(document: ReadDocument, finding: Finding): boolean {
  return document.root !== undefined && finding.atKey !== true && findPath(document.root, finding.path).node.kind === 'broken';
}
