import type { Placing } from '../placing.js';
import { EVALUATED_VARIABLES } from './code-commands.js';
import { readList } from './read-list.js';
import { lost, type ShellReader } from './reader.js';
import { EVALUATED_VARIABLE } from './shell-refusals.js';

/**
 * Decides about every expression of a bash or sh script. One table serves both: `sh` may be dash, busybox or bash, so
 * what is unsafe in one is refused for all.
 */
export function placeInShell(placing: Placing, shell: 'bash' | 'sh'): void {
  const reader: ShellReader = {
    placing,
    text: placing.text,
    shell,
    at: 0,
    limit: placing.text.length,
    depth: 0,
    open: 0,
    pending: [],
    heredocs: [],
    feeds: [],
    assignments: [],
    evaluated: new Set(EVALUATED_VARIABLES),
    arrays: new Set(),
    programFromInput: undefined,
    readList,
  };
  try {
    const closer = readList(reader);
    if (closer !== '') lost(reader, `${closer} is not expected here`);
    if (reader.pending.length > 0) lost(reader, 'the last here-document has no body');
  } finally {
    settle(reader);
  }
}

/** What is only known at the end: the bodies of here-documents, and how variables are declared anywhere in the script. */
function settle({ placing, feeds, assignments, evaluated, arrays }: ShellReader): void {
  for (const { ranges, heredocs, refusal } of feeds) {
    for (const { start, end } of ranges) placing.refuse(start, end, refusal);
    for (const { body } of heredocs) placing.refuse(body.start, body.end, refusal);
  }
  for (const { start, end, name, declared } of assignments) {
    if (evaluated.has(name) || (declared && arrays.has(name))) placing.refuse(start, end, EVALUATED_VARIABLE);
  }
}
