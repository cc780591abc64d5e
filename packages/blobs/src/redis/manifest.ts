/** What is kept under a digest: the upload with its bytes, cut into chunks of `chunkBytes`, the last one shorter. */
export interface Manifest {
  readonly upload: string;
  readonly bytes: number;
  readonly chunkBytes: number;
  /** When it was stored last, in milliseconds since the epoch; 0 of one that does not say. */
  readonly storedAt: number;
  /** Its chunks are being removed: it is not there any more. */
  readonly removing?: true;
}

const UPLOAD = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
/** The longest value Redis takes. */
const MAX_CHUNK_BYTES = 512 * 1024 * 1024;

export function writeManifest(manifest: Manifest): string {
  return JSON.stringify(manifest);
}

/** `undefined` for a text that `writeManifest` did not make. */
export function readManifest(text: string): Manifest | undefined {
  const found = parse(text);
  if (typeof found !== 'object' || found === null || !('upload' in found) || !('bytes' in found) || !('chunkBytes' in found)) return undefined;
  const { upload, bytes, chunkBytes } = found;
  if (typeof upload !== 'string' || !UPLOAD.test(upload)) return undefined;
  if (!isCount(bytes) || !isCount(chunkBytes) || chunkBytes < 1 || chunkBytes > MAX_CHUNK_BYTES) return undefined;
  const storedAt = 'storedAt' in found && isCount(found.storedAt) ? found.storedAt : 0;
  return { upload, bytes, chunkBytes, storedAt, ...('removing' in found && found.removing === true ? { removing: true } : {}) };
}

/** The length each chunk has, in order. */
export function* chunkLengths({ bytes, chunkBytes }: Pick<Manifest, 'bytes' | 'chunkBytes'>): Generator<number> {
  for (let at = 0; at < bytes; at += chunkBytes) yield Math.min(chunkBytes, bytes - at);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}
