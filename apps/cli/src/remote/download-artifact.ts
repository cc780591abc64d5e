import type { Client } from '@kb-labs/client';
import { artifactPlace, type ArtifactView } from '@kb-labs/contracts';
import { AppError } from '@kb-labs/errors';

import type { GatewayPlace } from '../desk/gateway-place.js';
import { explain } from './explain.js';

/** An artifact of a run, with its bytes still to be read. The gateway says what a name means, so it is asked for the bytes first. */
export async function downloadArtifact(
  client: Client,
  { runId, name, place }: { runId: string; name: string; place: GatewayPlace },
): Promise<{ artifact: ArtifactView; content: AsyncIterable<Uint8Array> }> {
  const response = await client.download('getArtifact', { params: { id: runId, name } });
  const { items } = await client.call('listArtifacts', { params: { id: runId } });
  const artifact = items.findLast((one) => one.name === name || artifactPlace(one) === name);
  if (artifact === undefined || response.body === null) throw new AppError('ARTIFACT_NOT_FOUND', { name });
  return { artifact, content: bytesOf(response.body, place) };
}

async function* bytesOf(body: AsyncIterable<Uint8Array>, place: GatewayPlace): AsyncGenerator<Uint8Array> {
  try {
    yield* body;
  } catch (thrown) {
    throw explain(thrown, place);
  }
}
