import type { OptionSpec } from './command-spec.js';
import type { CommandId } from './command-table.js';
import { GLOBAL_OPTIONS } from './table/options.js';

export type Route =
  | { readonly kind: 'command'; readonly id: CommandId; readonly tokens: readonly string[] }
  /** Not in the table; a plugin may have it. */
  | { readonly kind: 'plugin'; readonly id: string; readonly tokens: readonly string[] }
  /** `kb`, `kb workflow`: what there is. */
  | { readonly kind: 'overview'; readonly group?: string; readonly tokens: readonly string[] }
  | { readonly kind: 'unknown'; readonly name: string; readonly tokens: readonly string[] };

const PLUGIN_COMMAND = /^[a-z][a-z0-9-]*:[a-z][a-z0-9-]*$/;
const WORD = /^[a-z][a-z0-9-]*$/;

/** What stands before the colon. */
export function groupsOf(ids: readonly CommandId[]): string[] {
  return [...new Set(ids.flatMap((id) => (id.includes(':') ? [id.slice(0, id.indexOf(':'))] : [])))];
}

/**
 * Which of the commands with these ids a command line means. Global options may stand before its name; they come first in `tokens`.
 * `kb <group> <command>` is `kb <group>:<command>`.
 */
export function route(argv: readonly string[], ids: readonly CommandId[]): Route {
  const isCommandId = (text: string): text is CommandId => ids.some((id) => id === text);
  const { leading, rest } = splitLeading(argv);
  const [name, next, ...after] = rest;
  if (name === undefined) return leading.includes('--version') ? { kind: 'command', id: 'version', tokens: leading.filter((token) => token !== '--version') } : { kind: 'overview', tokens: leading };
  const tail = next === undefined ? [] : [next, ...after];
  if (isCommandId(name)) return { kind: 'command', id: name, tokens: [...leading, ...tail] };
  if (PLUGIN_COMMAND.test(name)) return { kind: 'plugin', id: name, tokens: [...leading, ...tail] };
  if (!WORD.test(name)) return { kind: 'unknown', name, tokens: [...leading, ...tail] };
  if (next !== undefined && WORD.test(next)) {
    const joined = `${name}:${next}`;
    if (isCommandId(joined)) return { kind: 'command', id: joined, tokens: [...leading, ...after] };
    return { kind: 'plugin', id: joined, tokens: [...leading, ...after] };
  }
  if (groupsOf(ids).includes(name)) return { kind: 'overview', group: name, tokens: [...leading, ...tail] };
  return { kind: 'unknown', name, tokens: [...leading, ...tail] };
}

/** The tokens before the first one that is neither a global option nor the value of one. */
function splitLeading(argv: readonly string[]): { leading: string[]; rest: string[] } {
  let end = 0;
  while (end < argv.length) {
    const token = argv[end] ?? '';
    // Package managers pass their own separator on.
    if (token === '--' && end === 0) return splitLeading(argv.slice(1));
    if (!token.startsWith('-') || token === '--') break;
    end += takesNextToken(token) ? 2 : 1;
  }
  return { leading: argv.slice(0, end), rest: argv.slice(end) };
}

function takesNextToken(token: string): boolean {
  const specs: Readonly<Record<string, OptionSpec>> = GLOBAL_OPTIONS;
  const name = token.slice(2);
  return token.startsWith('--') && Object.hasOwn(specs, name) && specs[name]?.type !== 'boolean';
}
