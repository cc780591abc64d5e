import { LIMITS, type JsonValue } from '@kb-labs/contracts';
import { assertNever } from '@kb-labs/errors';

import type { FunctionName } from './ast.js';
import { isPrimitive, toText } from './coerce.js';
import { looselyEqual } from './compare.js';
import { includesText } from './find-text.js';
import { formatText } from './format.js';
import { readJson, writeJson } from './json-text.js';
import type { Scope } from './scope.js';
import { toUpper } from './upper-case.js';
import type { Work } from './work.js';

/** Calls any function but `case`, which chooses what to evaluate. The parser has checked how many arguments there are. */
export function callFunction(
  name: Exclude<FunctionName, 'case'>,
  args: readonly JsonValue[],
  { scope, work }: { readonly scope: Scope; readonly work: Work },
): JsonValue {
  const [first = null, second = null] = args;
  switch (name) {
    case 'contains':
      return contains(first, second, work);
    case 'startsWith':
      return comparedText(first, second, work, (text, part) => text.startsWith(part));
    case 'endsWith':
      return comparedText(first, second, work, (text, part) => text.endsWith(part));
    case 'format':
      return formatText(toText(first), args.slice(1), work);
    case 'join':
      return join(first, args.length > 1 && isPrimitive(second) ? toText(second) : ',', work);
    case 'toJSON':
      return writeJson(first, work);
    case 'fromJSON':
      return readJson(toText(first), work);
    case 'hashFiles':
      return scope.hashFiles === undefined ? notHere(name, work) : scope.hashFiles(args.map(toText));
    case 'success':
    case 'failure':
      return scope.status === undefined ? notHere(name, work) : scope.status[name](args.map(toText));
    case 'always':
    case 'cancelled':
      return scope.status === undefined ? notHere(name, work) : scope.status[name]();
    default:
      return assertNever(name);
  }
}

function contains(search: JsonValue, item: JsonValue, work: Work): boolean {
  if (Array.isArray(search)) {
    return search.some((element) => {
      work.elements(1);
      return looselyEqual(item, element, work);
    });
  }
  if (!isPrimitive(search) || !isPrimitive(item)) return false;
  const text = toText(search);
  const part = toText(item);
  work.characters(text.length + part.length);
  return includesText(text.toLowerCase(), part.toLowerCase(), work);
}

function comparedText(left: JsonValue, right: JsonValue, work: Work, test: (text: string, part: string) => boolean): boolean {
  if (!isPrimitive(left) || !isPrimitive(right)) return false;
  return test(toUpper(toText(left), work), toUpper(toText(right), work));
}

function join(value: JsonValue, separator: string, work: Work): string {
  if (isPrimitive(value)) return toText(value);
  if (!Array.isArray(value)) return '';
  let length = 0;
  const texts = value.map((item) => {
    const text = toText(item);
    length += text.length + separator.length;
    work.elements(1);
    if (length - separator.length > LIMITS.valueBytes) work.tooLong();
    return text;
  });
  return work.text(texts.join(separator));
}

function notHere(name: string, work: Work): never {
  return work.fail(`${name}() is not available here`);
}
