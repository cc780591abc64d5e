import { fileBlobs } from '@kb-labs/blobs';
import type { Blobs } from '@kb-labs/ports';

import type { ConfiguredArtifacts } from './config.js';

export interface Artifacts {
  readonly blobs: Blobs;
  close(): Promise<void>;
}

/** What keeps the bytes of artifacts, unless that is the server of the state itself. Nothing is asked of a store before the first artifact. */
export async function composeArtifacts(artifacts: Exclude<ConfiguredArtifacts, { store: 'redis' }>): Promise<Artifacts> {
  if (artifacts.store === 'file') return { blobs: fileBlobs({ dir: artifacts.dir }), close: () => Promise.resolve() };
  // Its client is loaded for this alone.
  const { bucketArtifacts } = await import('./bucket-artifacts.js');
  const blobs = bucketArtifacts(artifacts);
  return { blobs, close: () => blobs.close() };
}
