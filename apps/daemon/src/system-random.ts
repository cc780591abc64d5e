import { closeSync, openSync, readSync } from 'node:fs';

/**
 * Fills with random bytes of the system. Its device is asked where there is one: the crypto module takes longer to load
 * than a short command has.
 */
export function systemRandom(bytes: Uint8Array): void {
  if (!readDevice(bytes)) process.getBuiltinModule('node:crypto').randomFillSync(bytes);
}

function readDevice(bytes: Uint8Array): boolean {
  let device: number;
  try {
    device = openSync('/dev/urandom', 'r');
  } catch {
    return false;
  }
  try {
    return readSync(device, bytes) === bytes.length;
  } finally {
    closeSync(device);
  }
}
