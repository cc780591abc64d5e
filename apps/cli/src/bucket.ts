/** Artifacts in a bucket: a program of its own, for it brings the SDK of AWS along, which few projects need. */
export { bucketArtifacts } from '@kb-labs/daemon/bucket-artifacts';
