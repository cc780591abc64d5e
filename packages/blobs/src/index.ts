/** Bytes by their sha256 digest, on the file system. */
export { fileBlobs } from './file/file-blobs.js';
