import { copyWithin } from '../../json-copy.js';

/** What was thrown on one side, in a form that the other can throw again: with the properties that anyone reads of it. */
export interface PackedThrown {
  /** How it reads when it is nothing else. */
  readonly text: string;
  /** Absent: it was no object, or one without a message. */
  readonly error?: {
    readonly isError: boolean;
    readonly name: string;
    readonly members: Readonly<Record<string, unknown>>;
    readonly cause?: PackedThrown;
  };
}

/** Those of the engine, of a plugin's own failures (`PluginFailure`), and of the system's errors. */
const MEMBERS = ['message', 'code', 'hint', 'kbRetry', 'errno', 'syscall', 'path', 'address', 'port', 'hostname'] as const;
const TEXT_LENGTH = 1024 * 1024;
const CAUSES = 3;
const DETAILS = { bytes: 1024 * 1024, depth: 60, values: 100_000 };

export function packThrown(thrown: unknown, causes = CAUSES): PackedThrown {
  const text = textOf(thrown);
  if (typeof thrown !== 'object' || thrown === null) return { text };
  const members: Record<string, unknown> = {};
  for (const name of MEMBERS) {
    const member = memberOf(thrown, name);
    if (typeof member === 'string') members[name] = member.slice(0, TEXT_LENGTH);
    else if (typeof member === 'boolean' || (typeof member === 'number' && Number.isFinite(member))) members[name] = member;
  }
  const details = copyWithin(memberOf(thrown, 'details'), DETAILS);
  if (details.kind === 'copied') members['details'] = details.value;
  const name = memberOf(thrown, 'name');
  const cause = causes > 0 ? memberOf(thrown, 'cause') : undefined;
  return {
    text,
    error: {
      isError: thrown instanceof Error,
      name: typeof name === 'string' ? name.slice(0, 256) : 'Error',
      members,
      ...(cause === undefined || cause === null ? {} : { cause: packThrown(cause, causes - 1) }),
    },
  };
}

/** Whatever the other side has sent becomes something that can be thrown. */
export function unpackThrown(packed: unknown, causes = CAUSES): unknown {
  const text = memberOf(packed, 'text');
  const error = memberOf(packed, 'error');
  const told = typeof text === 'string' ? text : 'an error without words';
  if (typeof error !== 'object' || error === null) return told;
  const written = memberOf(error, 'members');
  const members: object = typeof written === 'object' && written !== null ? written : {};
  const message = memberOf(members, 'message');
  const name = memberOf(error, 'name');
  const isError = memberOf(error, 'isError') === true;
  const thrown: object = isError ? newError(String(name), typeof message === 'string' ? message : '') : { toString: () => told };
  if (!isError) Object.defineProperty(thrown, 'toString', { enumerable: false });
  for (const member of [...MEMBERS, 'details']) {
    const value = memberOf(members, member);
    // What the class defines itself, such as the code of a DOMException, cannot be set, and is there already.
    if (value !== undefined && !(member in thrown && isError)) Object.defineProperty(thrown, member, { value, enumerable: member !== 'message', writable: true, configurable: true });
  }
  const cause = causes > 0 ? memberOf(error, 'cause') : undefined;
  if (cause !== undefined && isError) Object.defineProperty(thrown, 'cause', { value: unpackThrown(cause, causes - 1), writable: true, configurable: true });
  return thrown;
}

/** The classes a handler may ask for by `instanceof`; the others are read by their names. */
const CLASSES: Readonly<Record<string, new (message: string) => Error>> = { TypeError, RangeError, SyntaxError };

function newError(name: string, message: string): Error {
  if (name === 'AbortError' || name === 'TimeoutError') return new DOMException(message, name);
  const error = new (CLASSES[name] ?? Error)(message);
  if (error.name !== name) Object.defineProperty(error, 'name', { value: name, writable: true, configurable: true });
  return error;
}

function textOf(thrown: unknown): string {
  try {
    return (thrown instanceof Error ? thrown.name : String(thrown)).slice(0, TEXT_LENGTH);
  } catch {
    return 'an object without words';
  }
}

/** What a getter throws is its own affair. */
function memberOf(value: unknown, name: string): unknown {
  try {
    return typeof value === 'object' && value !== null && name in value ? (value as Record<string, unknown>)[name] : undefined;
  } catch {
    return undefined;
  }
}
