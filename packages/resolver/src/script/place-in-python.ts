import { CallArguments } from './call-arguments.js';
import { escapeLength, refuseGlued } from './identifiers.js';
import { NotFollowed, type Placing, type Refusal, type Render } from './placing.js';

// Line breaks inside brackets do not end a statement.
const codeReference: Render = (variable, breaks) => `__import__("os").environ[${'\n'.repeat(breaks)}"${variable}"]`;
const commentReference: Render = (variable, breaks) => `${variable}${'\n#'.repeat(breaks)}`;

const STRING: Refusal = {
  message: 'An expression cannot stand in a string of Python: no variable is read there.',
  hint: () => 'Write it outside the quotes: "Hello " + ${{ … }}, or value = ${{ … }} on a line before and f"Hello {value}".',
};

const CALLS = {
  always: new Set([
    ...['exec', 'eval', 'compile', '__import__', 'import_module', 'run_path', 'run_module', 'system', 'popen'],
    ...['getoutput', 'getstatusoutput', 'create_subprocess_shell', 'runcode', 'runsource'],
  ]),
  withShell: new Set(['run', 'call', 'check_call', 'check_output', 'Popen']),
  shell: /\bshell\s*=(?!\s*False\b)/g,
  notMembers: new Set(['compile']),
  instead: 'Give the value to a function that takes data, such as subprocess.run(["git", "show", value]).',
};

const NAME = /[\p{ID_Start}_][\p{ID_Continue}]*/uy;
const STRING_PREFIX = /^(?:[rbfut]|[bft]r|r[bft])$/i;

/** Decides about every expression of a Python program. */
export function placeInPython(placing: Placing): void {
  const { text } = placing;
  const calls = new CallArguments(placing, CALLS);
  let at = 0;
  let name = '';
  let object: string | undefined;
  const step = (end: number, nextName = '', nextObject?: string): void => {
    at = end;
    name = nextName;
    object = nextObject;
  };
  try {
    while (at < text.length) {
      const place = placing.startingAt(at);
      const char = text[at] ?? '';
      if (place !== undefined) {
        if (!refuseGlued(placing, place)) placing.put(place, codeReference);
        step(place.end);
      } else if (char === '#') step(passComment(placing, at));
      else if (char === '"' || char === "'") step(passString(placing, at));
      else if (char === '(') {
        calls.open(at, name === '.' ? '' : name, object);
        step(at + 1);
      } else if (char === ')') {
        calls.close(at + 1);
        step(at + 1);
      } else if (char === '.') step(at + 1, '.', name);
      else if (/\s/.test(char)) at += 1;
      else {
        NAME.lastIndex = at;
        const word = NAME.exec(text)?.[0];
        if (word === undefined) step(at + 1);
        // A prefix belongs to the string after it, which is read as any other.
        else if (STRING_PREFIX.test(word) && /['"]/.test(text[at + word.length] ?? '')) step(at + word.length);
        else step(at + word.length, word, name === '.' ? (object ?? '') : undefined);
      }
    }
  } finally {
    calls.end(text.length);
  }
}

/** End of the comment that begins at `start`. */
function passComment(placing: Placing, start: number): number {
  let at = start;
  while (at < placing.text.length && !/[\n\r]/.test(placing.text[at] ?? '')) {
    const place = placing.startingAt(at);
    if (place !== undefined) placing.put(place, commentReference);
    at = place?.end ?? at + 1;
  }
  return at;
}

/** End of the string whose quote is at `start`. A backslash keeps the character after it from ending any string, raw ones included. */
function passString(placing: Placing, start: number): number {
  const { text } = placing;
  const quote = text[start] ?? '';
  const closer = text.startsWith(quote.repeat(3), start) ? quote.repeat(3) : quote;
  let at = start + closer.length;
  while (!text.startsWith(closer, at)) {
    const place = placing.startingAt(at);
    const char = text[at];
    if (place !== undefined) at = place.end;
    else if (char === undefined || (closer.length === 1 && (char === '\n' || char === '\r'))) {
      throw new NotFollowed('a string is not closed', start, 'Correct the program, or pass the value by env and read os.environ["VALUE"].');
    } else at += char === '\\' && placing.startingAt(at + 1) === undefined ? escapeLength(text, at) : 1;
  }
  placing.refuse(start, at + closer.length, STRING);
  return at + closer.length;
}
