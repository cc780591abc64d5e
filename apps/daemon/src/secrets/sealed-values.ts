import { createCipheriv, createDecipheriv, createHmac, hkdfSync, randomBytes, timingSafeEqual } from 'node:crypto';

/** Raised when the file changes its meaning. */
export const SECRET_FILE_FORMAT = 1;

/** One secret as it is kept. Bytes are base64. */
export interface SealedValue {
  readonly nonce: string;
  readonly data: string;
  readonly tag: string;
  /** Milliseconds since the epoch. */
  readonly setAt: number;
}

/** `seal` is over everything else: what was taken out, added, moved or renamed is found. */
export interface SealedValues {
  readonly format: typeof SECRET_FILE_FORMAT;
  readonly secrets: Readonly<Record<string, SealedValue>>;
  readonly seal: string;
}

/** AES-256-GCM (NIST SP 800-38D) with a random nonce for each value, bound to its name and time. */
export function sealValue(key: Buffer, { name, value, setAt }: { name: string; value: string; setAt: number }): SealedValue {
  const nonce = randomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', derive(key, 'value'), nonce);
  cipher.setAAD(boundTo(name, setAt));
  const data = Buffer.concat([cipher.update(value, 'utf8'), cipher.final()]);
  return { nonce: nonce.toString('base64'), data: data.toString('base64'), tag: cipher.getAuthTag().toString('base64'), setAt };
}

/** `undefined`: it was not sealed with this key, under this name, or not like this. */
export function openValue(key: Buffer, name: string, { nonce, data, tag, setAt }: SealedValue): string | undefined {
  try {
    const decipher = createDecipheriv('aes-256-gcm', derive(key, 'value'), Buffer.from(nonce, 'base64'), { authTagLength: 16 });
    decipher.setAAD(boundTo(name, setAt));
    decipher.setAuthTag(Buffer.from(tag, 'base64'));
    return Buffer.concat([decipher.update(Buffer.from(data, 'base64')), decipher.final()]).toString('utf8');
  } catch {
    return undefined;
  }
}

export function sealAll(key: Buffer, secrets: Readonly<Record<string, SealedValue>>): SealedValues {
  return { format: SECRET_FILE_FORMAT, secrets, seal: sealOf(key, secrets).toString('base64') };
}

export function isSealed(key: Buffer, { secrets, seal }: SealedValues): boolean {
  const expected = sealOf(key, secrets);
  const written = Buffer.from(seal, 'base64');
  return written.length === expected.length && timingSafeEqual(written, expected);
}

function sealOf(key: Buffer, secrets: Readonly<Record<string, SealedValue>>): Buffer {
  const rows = Object.entries(secrets)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, { nonce, data, tag, setAt }]) => [name, nonce, data, tag, setAt]);
  return createHmac('sha256', derive(key, 'file')).update(JSON.stringify([SECRET_FILE_FORMAT, rows])).digest();
}

/** A key for each purpose (HKDF, RFC 5869). */
function derive(key: Buffer, purpose: 'value' | 'file'): Buffer {
  return Buffer.from(hkdfSync('sha256', key, Buffer.alloc(0), `kb-labs secrets ${purpose}`, 32));
}

function boundTo(name: string, setAt: number): Buffer {
  return Buffer.from(JSON.stringify(['kb-labs secret', SECRET_FILE_FORMAT, name, setAt]));
}
