import type { ArtifactHandle, RunEventBody } from '@kb-labs/contracts';
import type { Append, StoredBlob } from '@kb-labs/ports';

/** What an append says of the bytes its events refer to; nothing when they refer to none. */
export function blobsOfEvents(events: readonly RunEventBody[]): Pick<Append, 'blobs'> {
  const blobs = new Map<string, StoredBlob>();
  for (const event of events) {
    for (const { digest, bytes } of artifactsOf(event)) blobs.set(digest, { digest, bytes });
  }
  return blobs.size === 0 ? {} : { blobs: [...blobs.values()] };
}

function artifactsOf(event: RunEventBody): readonly ArtifactHandle[] {
  switch (event.type) {
    case 'step.finished':
      return event.artifacts;
    case 'job.finished':
      return event.artifacts ?? [];
    case 'run.started':
      // What the run may keep later has to be there until then.
      return Object.values(event.rerun?.earlier ?? {}).flatMap(({ ended, steps }) => [...(ended?.artifacts ?? []), ...steps.flatMap((step) => step.artifacts)]);
    default:
      return [];
  }
}
