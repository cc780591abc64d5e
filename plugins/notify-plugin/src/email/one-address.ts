import { FatalError } from '@kb-labs/sdk';

export interface OneAddress {
  readonly name: string;
  readonly address: string;
}

/** No spaces, and none of the characters that have a meaning between addresses. */
const ADDRESS = String.raw`[^\s@<>,;:"()[\]\\\p{Cc}]+@[^\s@<>,;:"()[\]\\\p{Cc}]+`;
const QUOTED = String.raw`"(?<quoted>(?:[^"\\\p{Cc}]|\\[^\p{Cc}])*)"`;
const PLAIN = String.raw`(?<plain>[^<>@,;:"()[\]\\\p{Cc}]*)`;
const ONE = new RegExp(`^\\s*(?:(?:${QUOTED}|${PLAIN})\\s*<(?<named>${ADDRESS})>|(?<bare>${ADDRESS}))\\s*$`, 'u');

/** One address, and nothing that could be read as several, or as one within another: it may come from anywhere. */
export function oneAddress(written: string, place: string): OneAddress {
  const { quoted, plain = '', named, bare } = ONE.exec(written)?.groups ?? {};
  const address = named ?? bare;
  if (address === undefined) {
    throw new FatalError(`"${place}" is not one mail address: ${JSON.stringify(written.slice(0, 200))}`, {
      code: 'INPUT_INVALID',
      hint: 'user@example.com, or Name <user@example.com>; several are several entries of the list',
    });
  }
  return { name: quoted?.replaceAll(/\\(.)/gu, '$1') ?? plain.trim(), address };
}
