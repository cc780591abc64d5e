import type { ArtifactView } from '@kb-labs/contracts';

import type { Head } from '../../api/read-head.js';

/** How the bytes of an artifact are shown. Whatever its type says: nothing of it becomes HTML, style, script or a request. */
export type Look =
  | { readonly as: 'markdown' | 'table' | 'issues' | 'diff' | 'json' | 'lines' | 'link'; readonly text: string }
  | { readonly as: 'image'; readonly mime: string }
  | { readonly as: 'nothing'; readonly why: string };

/** The kinds of pictures, by the bytes they begin with: a name or a type is what somebody wrote. */
const PICTURES: readonly (readonly [mime: string, begins: readonly (number | null)[]])[] = [
  ['image/png', [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]],
  ['image/jpeg', [0xff, 0xd8, 0xff]],
  ['image/gif', [0x47, 0x49, 0x46, 0x38]],
  ['image/webp', [0x52, 0x49, 0x46, 0x46, null, null, null, null, 0x57, 0x45, 0x42, 0x50]],
];

export function lookOf(type: ArtifactView['type'], { bytes, whole }: Head): Look {
  const picture = PICTURES.find(([, begins]) => bytes.length >= begins.length && begins.every((byte, index) => byte === null || bytes[index] === byte));
  if (picture !== undefined) return whole ? { as: 'image', mime: picture[0] } : { as: 'nothing', why: 'It is a picture, and too large to be shown here.' };
  if (bytes.length === 0) return { as: 'nothing', why: 'It is empty.' };
  if (bytes.includes(0)) return { as: 'nothing', why: 'Its bytes are no text.' };
  // What was cut can end within a character.
  const text = new TextDecoder().decode(bytes, { stream: !whole });
  switch (type) {
    case 'markdown':
    case 'table':
    case 'issues':
    case 'diff':
    case 'json':
    case 'link':
      return { as: type, text };
    case 'log':
    case 'text':
      return { as: 'lines', text };
    case 'file':
      return { as: 'nothing', why: 'Nothing is known about what it holds.' };
  }
}
