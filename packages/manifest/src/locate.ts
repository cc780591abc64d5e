import type { Diagnostic, DocumentPath, Finding } from '@kb-labs/contracts';

import { findPath, pathAt, type TextProblem } from './located.js';
import type { ReadDocument } from './read-document.js';
import { offsetInText } from './scalar-offset.js';

/** Gives a finding its place. What does not stand in the text is placed at the nearest thing above it. */
export function locateFinding(document: ReadDocument, finding: Finding): Diagnostic {
  return diagnostic(document, finding, { offset: offsetOf(document, finding), path: finding.path });
}

/** Gives a problem of the text itself the form of all others. */
export function locateProblem(document: ReadDocument, problem: TextProblem): Diagnostic {
  const path = document.root === undefined ? [] : pathAt(document.root, problem.offset);
  return diagnostic(document, problem, { offset: problem.offset, path });
}

function diagnostic(
  document: ReadDocument,
  said: Pick<Finding, 'code' | 'message' | 'hint' | 'severity'>,
  at: { readonly offset: number; readonly path: DocumentPath },
): Diagnostic {
  return {
    code: said.code,
    severity: said.severity ?? 'error',
    message: said.message,
    ...(said.hint === undefined ? {} : { hint: said.hint }),
    file: document.file,
    ...document.placeAt(at.offset),
    path: formatPath(at.path),
  };
}

function offsetOf(document: ReadDocument, finding: Finding): number {
  if (document.root === undefined) return 0;
  const { node, key, exact } = findPath(document.root, finding.path);
  if (key !== undefined && (finding.atKey === true || !exact)) return key.start;
  if (exact && finding.offset !== undefined && node.kind === 'scalar') return offsetInText(document.text, node, finding.offset);
  return node.start;
}

/** `jobs.review.steps[0].with["x.y"]` */
function formatPath(path: DocumentPath): string {
  let written = '';
  for (const step of path) {
    if (typeof step === 'number') written += `[${step}]`;
    else if (!/^[\w-]+$/.test(step)) written += `[${JSON.stringify(step)}]`;
    else written += written === '' ? step : `.${step}`;
  }
  return written;
}
