/** Why a text is not an expression. */
export interface ExpressionProblem {
  readonly code: 'EXPRESSION_SYNTAX' | 'EXPRESSION_TOO_LARGE';
  readonly message: string;
  readonly hint?: string;
  /** In UTF-16 units of the text that was given. */
  readonly offset: number;
}

/** Carries a problem from the depth of the parser to its door. Never leaves this package. */
export class ParseFailure extends Error {
  readonly problem: ExpressionProblem;

  constructor(problem: ExpressionProblem) {
    super(problem.message);
    this.problem = problem;
  }
}

export function syntaxFailure(offset: number, message: string, hint?: string): ParseFailure {
  return new ParseFailure({ code: 'EXPRESSION_SYNTAX', message, offset, ...(hint === undefined ? {} : { hint }) });
}

export function sizeFailure(offset: number, message: string): ParseFailure {
  return new ParseFailure({ code: 'EXPRESSION_TOO_LARGE', message, offset });
}

/** Text of a document as a message quotes it: short, on one line. */
export function quote(text: string): string {
  const short = text.length > 40 ? `${text.slice(0, 40)}…` : text;
  const line = JSON.stringify(short.toWellFormed()).slice(1, -1).replaceAll('\\"', '"');
  return line.startsWith('"') ? line : `"${line}"`;
}
