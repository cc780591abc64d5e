import { LIMITS } from '@kb-labs/contracts';

/**
 * How a secret can look in what a step leaves: as it is, and as the usual tools write it into texts of other kinds. Of a value of
 * several lines each line counts as well. Forms of less than four bytes are left out: they would be found everywhere.
 */
export function formsOf(secret: string): Buffer[] {
  const forms = new Map<string, Buffer>();
  for (const text of textsOf(secret)) {
    for (const form of [...bytesOf(text), ...escapesOf(text).map((one) => Buffer.from(one))]) {
      if (form.length >= LIMITS.secretMinLength) forms.set(form.toString('latin1'), form);
    }
  }
  return [...forms.values()];
}

/** The value, without the white space around it, and its lines. */
function textsOf(secret: string): string[] {
  const lines = secret.split(/\r\n|\r|\n/).map((line) => line.trim());
  return [...new Set([secret, secret.trim(), ...lines])].filter((text) => text.length >= LIMITS.secretMinLength);
}

function bytesOf(text: string): Buffer[] {
  const bytes = Buffer.from(text);
  const wide = Buffer.from(text, 'utf16le');
  const hex = bytes.toString('hex');
  const ascii = [hex, hex.toUpperCase(), ...[...base64At(bytes), ...base64At(wide)].flatMap((one) => [one, one.replaceAll('+', '-').replaceAll('/', '_')])];
  return [bytes, wide, Buffer.from(wide).swap16(), ...ascii.map((one) => Buffer.from(one))];
}

/** Base64 at each of the three places a group can begin: of the first and last characters, only those that nothing else has a part in. */
function base64At(bytes: Buffer): string[] {
  return [0, 1, 2].map((offset) => {
    const text = Buffer.concat([Buffer.alloc(offset), bytes]).toString('base64');
    return text.slice(Math.ceil((offset * 8) / 6), Math.floor(((offset + bytes.length) * 8) / 6));
  });
}

function escapesOf(text: string): string[] {
  const json = JSON.stringify(text).slice(1, -1);
  const units = (write: (hex: string) => string): string[] => bothCases([...text].flatMap((character) => Array.from({ length: character.length }, (_, at) => write(character.charCodeAt(at).toString(16).padStart(4, '0')))), '');
  const octets = (prefix: string): string[] => bothCases([...Buffer.from(text)].map((byte) => `${prefix}${byte.toString(16).padStart(2, '0')}`), '');
  return [
    json,
    json.replaceAll('/', '\\/'),
    // JSON inside of JSON.
    JSON.stringify(json).slice(1, -1),
    ...asciiJson(json),
    ...units((hex) => `\\u${hex}`),
    ...units((hex) => `%u${hex}`),
    ...octets('\\x'),
    ...octets('%'),
    ...octets(' ').map((one) => one.slice(1)),
    ...octets(':').map((one) => one.slice(1)),
    ...urlForms(text),
    ...shellForms(text),
    ...htmlForms(text),
    [...text].toReversed().join(''),
  ];
}

/** Only the digits: what stands before them keeps its case. */
function bothCases(parts: readonly string[], separator: string): string[] {
  return [parts.join(separator), parts.map((part) => part.replace(/[0-9a-f]+$/, (digits) => digits.toUpperCase())).join(separator)];
}

/** With everything that is not ASCII escaped, as many programs write JSON. */
function asciiJson(json: string): string[] {
  const escape = (shape: (hex: string) => string): string =>
    json.replaceAll(/[\u007f-\uffff]/g, (unit) => `\\u${shape(unit.charCodeAt(0).toString(16).padStart(4, '0'))}`);
  return [escape((hex) => hex), escape((hex) => hex.toUpperCase())];
}

/** RFC 3986 as `encodeURIComponent` and `encodeURI` have it and with nothing but its unreserved characters as they are; forms of HTML with "+" for a space. */
function urlForms(text: string): string[] {
  const component = encodeURIComponent(text.toWellFormed());
  const strict = component.replaceAll(/[!'()*]/g, percent);
  const form = strict.replaceAll('%20', '+').replaceAll('%2A', '*');
  const formStrict = form.replaceAll('~', '%7E');
  return [component, strict, form, formStrict, encodeURI(text.toWellFormed()), component.replaceAll('%20', '+')].flatMap((one) => [one, one.replaceAll(/%[0-9A-F]{2}/g, (octet) => octet.toLowerCase())]);
}

function percent(character: string): string {
  return `%${character.charCodeAt(0).toString(16).toUpperCase()}`;
}

function shellForms(text: string): string[] {
  return [
    text.replaceAll("'", String.raw`'\''`),
    text.replaceAll("'", `'"'"'`),
    text.replaceAll(/["$`\\!]/g, String.raw`\$&`),
    text.replaceAll(/["$`\\]/g, String.raw`\$&`),
    // `printf %q`, and what bash puts into $'…'.
    text.replaceAll(/[^\w@%+=:,./\u0080-\uffff-]/g, String.raw`\$&`),
    text.replaceAll(/['\\]/g, String.raw`\$&`).replaceAll('\n', String.raw`\n`).replaceAll('\t', String.raw`\t`).replaceAll('\r', String.raw`\r`),
  ];
}

function htmlForms(text: string): string[] {
  const basic = text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
  const double = basic.replaceAll('"', '&quot;');
  return [
    basic,
    double,
    ...['&#39;', '&#x27;', '&apos;', '&#039;'].map((quote) => double.replaceAll("'", quote)),
    basic.replaceAll('"', '&#34;').replaceAll("'", '&#39;'),
    ...[10, 16].map((base) => [...text].map((character) => `&#${base === 16 ? 'x' : ''}${(character.codePointAt(0) ?? 0).toString(base)};`).join('')),
  ];
}
