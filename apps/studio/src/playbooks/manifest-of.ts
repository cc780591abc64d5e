import type { PlaybookManifest, PlaybookView } from '@kb-labs/contracts';

/** What a version says. The gateway keeps, and answers with, manifests that it has checked; its route calls them JSON. */
export function manifestOf({ manifest }: PlaybookView): PlaybookManifest {
  return manifest as unknown as PlaybookManifest;
}
