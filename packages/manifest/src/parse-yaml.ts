import { LIMITS } from '@kb-labs/contracts';
import { Composer, type CST, Parser, type Document } from 'yaml';

import type { TextProblems } from './located.js';
import { reportYamlErrors, type YamlError } from './yaml-errors.js';

const OPTIONS = {
  version: '1.2',
  schema: 'core',
  merge: false,
  // Compared pair by pair, which is quadratic; the tree builder does it with a map.
  uniqueKeys: false,
  strict: true,
  logLevel: 'silent',
} as const;

/** A document, or `undefined` when its syntax is wrong; the problems say where. */
export function parseYaml(text: string, lexemes: readonly string[], problems: TextProblems): Document.Parsed | undefined {
  const tokens = parseTokens(text, lexemes, problems);
  if (tokens === undefined) return undefined;
  const [document] = [...new Composer(OPTIONS).compose(tokens, true, text.length)];
  if (document === undefined) return undefined;
  return reportYamlErrors(document.errors, { text, problems }) ? document : undefined;
}

/** The parser is fed piece by piece and left as soon as it is too deep: its later stages recurse. */
function parseTokens(text: string, lexemes: readonly string[], problems: TextProblems): CST.Token[] | undefined {
  const parser = new Parser();
  const tokens: CST.Token[] = [];
  const errors: YamlError[] = [];
  const take = (token: CST.Token): void => {
    tokens.push(token);
    if (token.type === 'error') errors.push({ code: 'UNEXPECTED_TOKEN', message: token.message, pos: [token.offset, token.offset + 1] });
  };
  for (const lexeme of lexemes) {
    const { offset } = parser;
    for (const token of parser.next(lexeme)) take(token);
    if (parser.stack.length > LIMITS.documentDepth && openCollections(parser.stack) > LIMITS.documentDepth) {
      problems.add('DOCUMENT_TOO_DEEP', offset, { limit: LIMITS.documentDepth });
      return undefined;
    }
    if (errors.length >= MAX_STREAM_ERRORS) {
      reportYamlErrors(errors, { text, problems });
      return undefined;
    }
  }
  for (const token of parser.end()) take(token);
  return tokens;
}

const MAX_STREAM_ERRORS = 20;

function openCollections(stack: readonly CST.Token[]): number {
  let open = 0;
  for (const token of stack) {
    if (token.type === 'block-map' || token.type === 'block-seq' || token.type === 'flow-collection') open += 1;
  }
  return open;
}
