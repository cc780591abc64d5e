import { randomUUID } from 'node:crypto';

import { openLane } from '../lane.js';
import type { Bucket } from './bucket.js';
import { incomingPrefix } from './keys.js';
import { onStore } from './s3-errors.js';

/** With the part being filled and the one held back, 20 MiB. */
const PARTS_UNDER_WAY = 2;

export interface Upload {
  /** Resolves when there is room for the next part. */
  send(part: Buffer): Promise<void>;
  /** Makes one object of the parts and copies it to `key`: there it is whole from the first moment. */
  complete(key: string): Promise<void>;
  /** Removes what is in the store under the other name. A store that does not do it keeps it for its own tidying up. */
  drop(): Promise<void>;
}

export async function beginUpload({ sdk, client, name, prefix }: Bucket, sweep: () => Promise<void>): Promise<Upload> {
  await sweep();
  const target = { Bucket: name, Key: incomingPrefix(prefix) + randomUUID() };
  const { UploadId } = await onStore(() => client.send(new sdk.CreateMultipartUploadCommand(target)), name);
  const lane = openLane(PARTS_UNDER_WAY);
  const parts: { PartNumber: number; ETag: string | undefined }[] = [];
  let joining = false;
  let whole = false;

  async function sendPart(PartNumber: number, Body: Buffer): Promise<void> {
    const { ETag } = await client.send(new sdk.UploadPartCommand({ ...target, UploadId, PartNumber, Body }));
    parts[PartNumber - 1] = { PartNumber, ETag };
  }

  let sent = 0;
  return {
    async send(part) {
      sent += 1;
      const task = sendPart(sent, part);
      await onStore(() => lane.add(task));
    },
    async complete(key) {
      await onStore(async () => {
        await lane.end();
        joining = true;
        await client.send(new sdk.CompleteMultipartUploadCommand({ ...target, UploadId, MultipartUpload: { Parts: parts } }));
        whole = true;
        const CopySource = `${name}/${target.Key}`.split('/').map(encodeURIComponent).join('/');
        await client.send(new sdk.CopyObjectCommand({ Bucket: name, Key: key, CopySource }));
      });
    },
    async drop() {
      await lane.settle();
      // After a lost answer nobody knows which of the two is there.
      if (!whole) await client.send(new sdk.AbortMultipartUploadCommand({ ...target, UploadId })).catch(() => undefined);
      if (joining) await client.send(new sdk.DeleteObjectCommand(target)).catch(() => undefined);
    },
  };
}
