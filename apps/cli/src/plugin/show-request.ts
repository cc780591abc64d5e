import type { LockedPlugin } from '@kb-labs/contracts';
import { diffPermissions, type LoadedPlugin, permissionTerms } from '@kb-labs/plugin-host/lifecycle';

import { sanitizeText } from '../terminal/sanitize.js';
import type { Style } from '../terminal/style.js';

const TRUST_MEANS = 'trusted: its code runs inside the engine, where nothing holds it to these permissions';
const NOT_TRUSTED_MEANS = 'not trusted: its code runs in a process of its own, which gets what is granted from the engine';

/** A plugin and what it asks for, in words. */
export function showRequest(next: LockedPlugin, { installed }: LoadedPlugin, style: Style): string[] {
  return [
    `${style.bold(installed.id)} ${sanitizeText(installed.version)}${installed.describe === undefined ? '' : `  ${sanitizeText(installed.describe)}`}`,
    ...installed.commands.flatMap(({ id, describe, permissions }) => {
      const terms = permissionTerms(permissions);
      return [`  ${id}  ${style.dim(sanitizeText(describe))}`, ...(terms.length === 0 ? ['    asks for nothing'] : terms.map((term) => `    may ${sanitizeText(term)}`))];
    }),
    `  ${next.trusted ? style.yellow(TRUST_MEANS) : NOT_TRUSTED_MEANS}`,
  ];
}

/** What is other than it was when it was added. */
export function changesOf(before: LockedPlugin, next: LockedPlugin): string[] {
  const { more, less } = diffPermissions(before.permissions, next.permissions);
  return [
    ...(before.version === next.version ? [] : [`version ${before.version} → ${next.version}`]),
    ...(before.source === next.source ? [] : [`from ${before.source} → ${next.source}`]),
    ...(before.integrity === next.integrity ? [] : ['its files are others']),
    ...more.map((term) => `+ ${term}`),
    ...less.map((term) => `- ${term}`),
    ...(before.trusted === next.trusted ? [] : [next.trusted ? '+ trusted' : '- trusted (say --trust to go on trusting it)']),
  ];
}
