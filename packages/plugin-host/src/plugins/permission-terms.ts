import { type Permissions, parseSize, type PluginCommand, type Quotas } from '@kb-labs/contracts';

/** What was granted, by the id of the command. */
export type Grants = Readonly<Record<string, Permissions>>;

/** What grew and what went away between two sets of permissions, in words, each with the command it is about. */
export interface PermissionDiff {
  readonly more: readonly string[];
  readonly less: readonly string[];
}

const QUOTA_WORDS: Readonly<Record<keyof Quotas, string>> = {
  requests: 'requests',
  programs: 'programs started',
  'llm-calls': 'calls of the language model',
  'llm-tokens': 'tokens of the language model',
  storage: 'kept data',
};

/** Permissions in words, in a fixed order. What limits comes last and starts with "at most". */
export function permissionTerms(permissions: Permissions): string[] {
  return [...openings(permissions), ...quotasOf(permissions).map(([name, size]) => `at most ${String(size)} of ${QUOTA_WORDS[name]} in a step`)];
}

export function grantsOf(commands: readonly PluginCommand[]): Grants {
  return Object.fromEntries(commands.map(({ id, permissions }) => [id, permissions]));
}

/** What `asked` has beyond `granted`, and the other way round. A command nobody granted is something more by itself. */
export function diffPermissions(granted: Grants, asked: Grants): PermissionDiff {
  return { more: beyond(granted, asked), less: beyond(asked, granted) };
}

function beyond(base: Grants, other: Grants): string[] {
  return Object.keys(other).sort().flatMap((id) => {
    const theirs = other[id] ?? {};
    const ours = Object.hasOwn(base, id) ? base[id] : undefined;
    if (ours === undefined) return [`${id}: the command itself`, ...permissionTerms(theirs).map((term) => `${id}: ${term}`)];
    const open = new Set(openings(ours));
    const anyProgram = ours.shell === true;
    const opened = openings(theirs).filter((term) => !open.has(term) && !(anyProgram && term.startsWith(PROGRAM)));
    return [...opened, ...loosened(ours, theirs)].map((term) => `${id}: ${term}`);
  });
}

const PROGRAM = 'start the program ';

function openings({ shell, network = [], fs = {}, env = [], secrets = [], services = [] }: Permissions): string[] {
  return [
    ...(shell === true ? ['start any program'] : []),
    ...(Array.isArray(shell) ? shell.map((name) => `${PROGRAM}${name}`) : []),
    ...network.map((host) => (host === '*' ? 'reach any public host' : `reach ${host}`)),
    ...(fs.read ?? []).map((glob) => `read the files ${glob}`),
    ...(fs.write ?? []).map((glob) => `write the files ${glob}`),
    ...env.map((name) => `see the variable ${name}`),
    ...secrets.map((name) => `be given the secret ${name}`),
    ...services.map((service) => (service === 'llm' ? 'ask the language model' : 'keep data of its own')),
  ];
}

/** Quotas of `before` that are gone or larger. */
function loosened(before: Permissions, after: Permissions): string[] {
  const now = new Map(quotasOf(after));
  return quotasOf(before).flatMap(([name, size]) => {
    const limit = now.get(name);
    if (limit === undefined) return [`no limit of ${QUOTA_WORDS[name]}`];
    return amount(limit) > amount(size) ? [`at most ${String(limit)} of ${QUOTA_WORDS[name]} in a step`] : [];
  });
}

function quotasOf({ quotas = {} }: Permissions): [keyof Quotas, number | string][] {
  return (Object.keys(QUOTA_WORDS) as (keyof Quotas)[]).flatMap((name) => {
    const size = quotas[name];
    return size === undefined ? [] : [[name, size] as [keyof Quotas, number | string]];
  });
}

function amount(size: number | string): number {
  return parseSize(size) ?? Number.POSITIVE_INFINITY;
}
