import { ARTIFACT_NAME } from '@kb-labs/contracts';

/** Whether an artifact can be called so, and lie under this path below any folder without leaving it. */
export function isArtifactName(name: string): boolean {
  return ARTIFACT_NAME.test(name) && name.split('/').every((part) => part !== '' && part !== '.' && part !== '..');
}
