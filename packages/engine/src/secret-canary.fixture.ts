import { randomBytes } from 'node:crypto';

/** A value that every encoding has something to change about, and its forms as other programs would make them: by name. */
export interface Canary {
  readonly value: string;
  readonly forms: Readonly<Record<string, Buffer>>;
}

export function newCanary(): Canary {
  const value = `cnry/${randomBytes(9).toString('hex')} "q" 'a'&<${randomBytes(5).toString('base64url')}>+=é\\$x`;
  return { value, forms: formsByHand(value) };
}

/** Written without a word of the code under test. */
function formsByHand(value: string): Record<string, Buffer> {
  const bytes = Buffer.from(value);
  const ascii = (text: string): Buffer => Buffer.from(text);
  const inner = (before: string): Buffer => {
    // In the middle of a longer text: what stays the same whatever is around it.
    const [one = '', other = ''] = ['\0\0\0', '\xff\xff\xff'].map((around) => Buffer.concat([Buffer.from(around.slice(0, before.length), 'latin1'), bytes, Buffer.from(around, 'latin1')]).toString('base64'));
    return ascii(Array.from(one).filter((character, at) => character === other[at] && character !== '=').join(''));
  };
  const units = Array.from({ length: value.length }, (_, at) => value.charCodeAt(at).toString(16).padStart(4, '0'));
  return {
    raw: bytes,
    'base64 at 0': ascii(bytes.toString('base64').slice(0, Math.floor(bytes.length / 3) * 4)),
    'base64 at 1': inner('a'),
    'base64 at 2': inner('ab'),
    base64url: ascii(bytes.toString('base64url').slice(0, Math.floor(bytes.length / 3) * 4)),
    hex: ascii(bytes.toString('hex')),
    'HEX': ascii(bytes.toString('hex').toUpperCase()),
    url: ascii(encodeURIComponent(value)),
    'url lower': ascii(encodeURIComponent(value).replace(/%../g, (one) => one.toLowerCase())),
    form: ascii(new URLSearchParams({ v: value }).toString().slice(2)),
    json: ascii(JSON.stringify(value).slice(1, -1)),
    'json twice': ascii(JSON.stringify(JSON.stringify(value)).slice(3, -3)),
    shell: ascii(value.split("'").join(`'\\''`)),
    html: ascii(value.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;').replaceAll("'", '&#39;')),
    unicode: ascii(units.map((hex) => `\\u${hex}`).join('')),
    UNICODE: ascii(units.map((hex) => `\\u${hex.toUpperCase()}`).join('')),
    utf16: Buffer.from(value, 'utf16le'),
    'octets escaped': ascii([...bytes].map((byte) => `\\x${byte.toString(16).padStart(2, '0')}`).join('')),
    reversed: ascii([...value].reverse().join('')),
  };
}
