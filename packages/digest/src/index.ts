/** The canonical form of a JSON value (RFC 8785) and the digests that name content by it. */
export { canonicalJson } from './canonical-json.js';
export { bytesDigest, contentDigest } from './content-digest.js';
