import type { TextProblems } from './located.js';

/** What the YAML library says about one mistake. */
export interface YamlError {
  readonly code: string;
  readonly message: string;
  readonly pos: readonly [number, number];
}

/** Already reported, with better words, when the text was split. */
const KNOWN_BEFORE = new Set(['BAD_ALIAS', 'ALIAS_PROPS', 'MULTIPLE_ANCHORS', 'MULTIPLE_TAGS', 'BAD_PROP_ORDER', 'TAG_RESOLVE_FAILED', 'BAD_DIRECTIVE', 'BAD_DQ_ESCAPE', 'BAD_COLLECTION_TYPE']);

/** The value is still read as what it looks like, so the rest of the document can be checked. */
const HARMLESS = new Set(['BAD_SCALAR_START']);

/**
 * Records the library's errors in our words, those about quotes aside, and says whether the tree can be relied on. What follows from an earlier error is
 * left out: of one line the first, and of the tokens after the end of what could be read the first.
 */
export function reportYamlErrors(errors: readonly YamlError[], to: { readonly text: string; readonly problems: TextProblems }): boolean {
  const inOrder = errors.filter((error) => !KNOWN_BEFORE.has(error.code)).sort((a, b) => a.pos[0] - b.pos[0]);
  let lineEnd = -1;
  let lost = false;
  for (const error of inOrder) {
    const start = error.pos[0];
    if (start <= lineEnd || lost) continue;
    if (!/^Missing closing ["']/.test(error.message)) {
      const { message, hint } = inWords(error, to.text);
      to.problems.say('DOCUMENT_SYNTAX', start, message, hint);
    }
    const newline = to.text.indexOf('\n', start);
    lineEnd = newline === -1 ? to.text.length : newline;
    lost = isLost(error);
  }
  return inOrder.every((error) => HARMLESS.has(error.code));
}

interface Words {
  readonly message: string;
  readonly hint?: string;
}

function inWords(error: YamlError, text: string): Words {
  switch (error.code) {
    case 'BAD_SCALAR_START':
      return { message: `a value cannot start with "${text[error.pos[0]] ?? ''}"`, hint: 'put the value in quotes' };
    case 'TAB_AS_INDENT':
      return { message: 'tabs cannot indent', hint: 'indent with spaces' };
    case 'BLOCK_AS_IMPLICIT_KEY':
      return { message: 'a ": " inside this value would start another mapping', hint: 'put the value in quotes, or its keys on their own lines' };
    case 'MULTILINE_IMPLICIT_KEY':
      return { message: 'a key and its ":" stand on one line', hint: 'is a ":" missing after the key, or is the line before indented differently?' };
    case 'MISSING_CHAR':
      return missingChar(error);
    case 'BAD_INDENT':
      return unclosed(error) ?? { message: `the indentation does not fit: ${lower(error.message)}`, hint: 'keys of one mapping, and items of one list, start in the same column' };
    case 'BLOCK_IN_FLOW':
      return { message: 'between brackets, mappings and lists are written with brackets too' };
    case 'KEY_OVER_1024_CHARS':
      return { message: 'a key has at most 1024 characters' };
    case 'UNEXPECTED_TOKEN':
      return unexpected(error, text);
    default:
      return { message: lower(error.message) };
  }
}

function missingChar(error: YamlError): Words {
  if (error.message.startsWith('Implicit map keys')) return { message: 'a ":" is missing after this key', hint: 'write "key: value"' };
  if (error.message.startsWith('Sequence item without')) return { message: 'a "- " is missing, or this line is indented wrongly', hint: 'items of one list start in the same column' };
  if (error.message.startsWith('Missing , ')) return { message: 'a "," is missing before this value' };
  return unclosed(error) ?? { message: lower(error.message) };
}

function unclosed(error: YamlError): Words | undefined {
  const bracket = /^Flow .* end with a (.)/.exec(error.message)?.[1];
  if (bracket === undefined) return undefined;
  return { message: `a "${bracket}" is missing before this`, hint: 'close the bracket; lines between brackets are indented more than the key before them' };
}

function unexpected(error: YamlError, text: string): Words {
  const rest = text.slice(error.pos[0], error.pos[0] + 20).split('\n')[0] ?? '';
  if (error.message.includes('block-seq-ind on same line')) return { message: 'a list starts on its own line', hint: 'put "- …" on the next line, or write [a, b]' };
  if (error.message.startsWith('Block scalar header')) return { message: 'only an indentation and "+" or "-" may follow "|" or ">"', hint: 'start the text on the next line' };
  if (error.message.includes('at node end')) return { message: `"${rest}" follows a value that has already ended`, hint: 'put the whole value in quotes' };
  if (isLost(error)) return { message: `"${rest}" does not belong to anything before it`, hint: 'look at the indentation of this line and the one before' };
  return { message: lower(error.message) };
}

/** What follows stands outside of everything that could be read. */
function isLost(error: YamlError): boolean {
  return / in YAML (?:stream|document)/.test(error.message);
}

function lower(message: string): string {
  return message.charAt(0).toLowerCase() + message.slice(1);
}
