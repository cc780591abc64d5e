import { artifactPlace, type ArtifactView } from '@kb-labs/contracts';

/** What the gateway finds an artifact by: its name when it is the last of that name, else `<job>/<step>/<name>`, or `<job>/<name>` when its job made it. */
export function addressOf(artifact: ArtifactView, all: readonly ArtifactView[]): string {
  const last = all.findLast(({ name }) => name === artifact.name);
  return last === undefined || isSame(last, artifact) ? artifact.name : artifactPlace(artifact);
}

/** As the gateway does: by its name, or by its place, which whoever wrote the address may have used for one whose name alone would do. */
export function findArtifact(address: string, all: readonly ArtifactView[]): ArtifactView | undefined {
  return all.findLast((artifact) => artifact.name === address || artifactPlace(artifact) === address);
}

function isSame(one: ArtifactView, other: ArtifactView): boolean {
  return one.name === other.name && one.job === other.job && one.step === other.step;
}
