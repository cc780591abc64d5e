/** Bytes by their sha256 digest, in an S3-compatible store. */
export type { S3Place } from './bucket.js';
export { s3Blobs } from './s3-blobs.js';
export type { S3Blobs } from './s3-blobs.js';
