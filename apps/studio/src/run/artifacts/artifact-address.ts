import { artifactPlace, type ArtifactView } from '@kb-labs/contracts';

/** What the gateway finds an artifact by: its name when it is the last of that name, else `<job>/<step>/<name>`, or `<job>/<name>` when its job made it. */
export function addressOf(artifact: ArtifactView, all: readonly ArtifactView[]): string {
  const last = all.findLast(({ name }) => name === artifact.name);
  return last === undefined || isSame(last, artifact) ? artifact.name : artifactPlace(artifact);
}

export function findArtifact(address: string, all: readonly ArtifactView[]): ArtifactView | undefined {
  return all.findLast((artifact) => addressOf(artifact, all) === address);
}

function isSame(one: ArtifactView, other: ArtifactView): boolean {
  return one.name === other.name && one.job === other.job && one.step === other.step;
}
