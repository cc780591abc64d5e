import type { Placing, Refusal } from './placing.js';

/** Functions of one language that take code, and what makes another call take it. */
interface CodeCalls {
  /** Last part of the callee's name, for every call that runs, compiles or loads its argument. */
  readonly always: ReadonlySet<string>;
  /** Callees that take code when `shell`, a global expression, matches in their arguments. */
  readonly withShell: ReadonlySet<string>;
  readonly shell: RegExp;
  /** Names that are harmless behind a dot: a regular expression's `exec`. */
  readonly notMembers: ReadonlySet<string>;
  /** What to write instead. */
  readonly instead: string;
}

interface OpenCall {
  readonly start: number;
  readonly callee: string;
  readonly member: boolean;
}

/** Follows the parentheses of a program, and refuses expressions in the arguments of calls that take code. */
export class CallArguments {
  readonly #placing: Placing;
  readonly #calls: CodeCalls;
  readonly #open: OpenCall[] = [];
  readonly #shells: readonly number[];

  constructor(placing: Placing, calls: CodeCalls) {
    this.#placing = placing;
    this.#calls = calls;
    this.#shells = Array.from(placing.text.matchAll(calls.shell), ({ index }) => index);
  }

  /** `callee` is the name right before the parenthesis, empty when there is none; `object` is what it is a member of. */
  open(start: number, callee: string, object: string | undefined): void {
    const member = object !== undefined && this.#calls.notMembers.has(callee) && !/^(?:child_process|cp|builtins|os)$/.test(object);
    this.#open.push({ start, callee, member });
  }

  /** Name of the callee whose parenthesis closes. */
  close(end: number): string {
    const call = this.#open.pop();
    if (call === undefined) return '';
    const { always, withShell } = this.#calls;
    const takesCode = always.has(call.callee) && !call.member;
    if (takesCode || (withShell.has(call.callee) && this.#hasShell(call.start, end))) {
      this.#placing.refuse(call.start, end, this.#refusal(call.callee));
    }
    return call.callee;
  }

  /** Closes what the program leaves open. */
  end(at: number): void {
    while (this.#open.length > 0) this.close(at);
  }

  #hasShell(start: number, end: number): boolean {
    let low = 0;
    let high = this.#shells.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#shells[middle] ?? 0) < start) low = middle + 1;
      else high = middle;
    }
    return (this.#shells[low] ?? end) < end;
  }

  #refusal(callee: string): Refusal {
    return {
      message: `An expression cannot be an argument of ${callee}: the value would be run or loaded as code.`,
      hint: () => this.#calls.instead,
    };
  }
}
