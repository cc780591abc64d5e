/**
 * Largest value of one script variable, in bytes of UTF-8. Linux takes 128 KiB for `NAME=value` and its closing NUL
 * (MAX_ARG_STRLEN); what is left off here is room for the name.
 */
export const SCRIPT_VALUE_BYTES = 128 * 1024 - 64;

/**
 * Why a value cannot travel to a script in an environment variable, or undefined where it can. Whoever fills the
 * variables of a rewritten script asks this first: a NUL would cut the value, a lone surrogate would be replaced, a
 * longer value would make the start of the process fail with `E2BIG`.
 */
export function whyNotInEnvironment(value: string): string | undefined {
  if (value.includes('\0')) return 'it holds a NUL character, which no environment variable can hold';
  if (!value.isWellFormed()) return 'it holds half of a surrogate pair, which has no UTF-8 form';
  if (byteLength(value) > SCRIPT_VALUE_BYTES) {
    return `it is longer than ${SCRIPT_VALUE_BYTES} bytes, the most an environment variable can hold; write it to a file or an artifact`;
  }
  return undefined;
}

function byteLength(value: string): number {
  let bytes = 0;
  for (let i = 0; i < value.length; i += 1) {
    const unit = value.charCodeAt(i);
    if (unit < 0x80) bytes += 1;
    else if (unit < 0x800) bytes += 2;
    // Each half of a pair counts two of the four bytes.
    else if (unit >= 0xd800 && unit <= 0xdfff) bytes += 2;
    else bytes += 3;
  }
  return bytes;
}
