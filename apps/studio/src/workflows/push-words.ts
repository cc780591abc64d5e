import type { WorkflowDetail } from './workflow-entry.js';

type Push = NonNullable<WorkflowDetail['triggers']['push']>;

/** The filters of `on.push` as sentences. */
export function pushWords({ branches, branchesIgnore, tags, tagsIgnore, paths, pathsIgnore }: Push): readonly string[] {
  const onBranches = branches !== null || branchesIgnore !== null;
  const onTags = tags !== null || tagsIgnore !== null;
  const sentences = [
    ...(onBranches ? [`To ${named('branch', branches, branchesIgnore)}.`] : []),
    ...(onTags ? [`Of ${named('tag', tags, tagsIgnore)}.`] : []),
    ...(onBranches || onTags ? [] : ['To every branch.']),
  ];
  if (paths !== null) return [...sentences, `Only when a file changes that fits ${list(paths)}.`];
  return pathsIgnore === null ? sentences : [...sentences, `Not when all files that change fit ${list(pathsIgnore)}.`];
}

function named(noun: string, wanted: readonly string[] | null, unwanted: readonly string[] | null): string {
  const some = wanted === null ? `every ${noun}` : `each ${noun} that fits ${list(wanted)}`;
  return unwanted === null ? some : `${some}, but none that fits ${list(unwanted)}`;
}

function list(patterns: readonly string[]): string {
  return patterns.join(' or ');
}
