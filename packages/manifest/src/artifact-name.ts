import { ARTIFACT_NAME } from '@kb-labs/contracts';

import { shorten } from './build-tree.js';

/** What is wrong with a name of the right characters. */
export function artifactNameProblem(name: string): { readonly problem: string; readonly hint: string } | undefined {
  if (!ARTIFACT_NAME.test(name) || !name.split('/').some((part) => part === '' || part === '.' || part === '..')) return undefined;
  return {
    problem: `the artifact name ${JSON.stringify(shorten(name))} has an empty, "." or ".." part`,
    hint: 'a name reads like a path below the artifacts: "reports/summary.md"',
  };
}
