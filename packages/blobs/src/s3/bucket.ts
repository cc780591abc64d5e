import type { S3Client, S3ClientConfig } from '@aws-sdk/client-s3';

type Sdk = typeof import('@aws-sdk/client-s3');

export interface S3Place {
  /** `https://…`; the one of AWS for the region when absent. */
  readonly endpoint?: string;
  readonly region: string;
  readonly bucket: string;
  /** Before every key, with its own separator at the end (`team-a/`); nothing when absent. */
  readonly prefix?: string;
  /** When absent: where the tools of AWS look, which is the environment, their files, the role of the machine. */
  readonly credentials?: { readonly accessKeyId: string; readonly secretAccessKey: string; readonly sessionToken?: string };
  /** `https://host/bucket/key` instead of `https://bucket.host/key`, as most stores but AWS want it; `false` when absent. */
  readonly forcePathStyle?: boolean;
}

/** The SDK and a client of it. */
export interface Bucket {
  readonly sdk: Sdk;
  readonly client: S3Client;
  readonly name: string;
  readonly prefix: string;
}

/** Up to the first byte of the answer, the sending of a part included. */
const ANSWER_MS = 120_000;
const CONNECT_MS = 3_000;

/** Loads the SDK, which takes a second: only when the first blob is asked for. */
export async function openBucket(place: S3Place): Promise<Bucket> {
  const sdk = await import('@aws-sdk/client-s3');
  return { sdk, client: new sdk.S3Client(toConfig(place)), name: place.bucket, prefix: place.prefix ?? '' };
}

function toConfig({ endpoint, region, credentials, forcePathStyle }: S3Place): S3ClientConfig {
  return {
    region,
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(credentials === undefined ? {} : { credentials: { ...credentials } }),
    forcePathStyle: forcePathStyle ?? false,
    maxAttempts: 3,
    // Not every store knows these. The signature covers what is sent, and the digest what is read.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    requestHandler: { connectionTimeout: CONNECT_MS, requestTimeout: ANSWER_MS, throwOnRequestTimeout: true },
  };
}
