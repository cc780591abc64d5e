import { type S3Blobs, s3Blobs } from '@kb-labs/blobs/s3';

import type { ConfiguredBucket } from './config.js';

/** Artifacts in a bucket that is there already. */
export function bucketArtifacts(bucket: ConfiguredBucket): S3Blobs {
  return s3Blobs(bucket);
}
