import type { Shell } from '@kb-labs/contracts';
import { assertNever } from '@kb-labs/errors';
import { parseTemplate } from '@kb-labs/expressions';
import { placeInNode } from './place-in-node.js';
import { placeInPython } from './place-in-python.js';
import { NotFollowed, Placing, shown, type Place, type Refusal } from './placing.js';
import { placeInShell } from './shell/place-in-shell.js';

/** One expression that cannot be given to the script; `offset` is of its `${{`, in UTF-16 units. */
interface ScriptProblem {
  readonly message: string;
  readonly hint: string;
  readonly offset: number;
}

export type ScriptRewrite =
  | { readonly ok: true; readonly script: string; readonly bindings: Readonly<Record<string, string>> }
  | { readonly ok: false; readonly problems: readonly ScriptProblem[] };

/**
 * Takes the `${{ expressions }}` out of a `run:` script. Each becomes an environment variable `KB_EXPR_<n>` and the
 * script gets a reference to it, quoted for the place where it stands: the text of a value is never part of the
 * script, so no value can become code. `bindings` maps each variable to its expression source.
 *
 * Refused, each with what to write instead: places whose content is code for the shell, for an interpreter or for a
 * tool started by the script (command names, `eval`, `sh -c`, `awk` programs, arithmetic, …), places that cannot refer
 * to a variable (`<<'EOF'`, `$'…'`, string literals of node and python), and everything from where the script
 * can no longer be followed.
 *
 * What stays with the author: a value that starts with `-` and is read as an option (write `--` before it), a variable of
 * the script that holds a value and is used as code later (`x=${{ … }}; eval "$x"`), and files the script writes and
 * then runs. Every variable must be set when the script runs, the empty string included; see `whyNotInEnvironment`
 * for the values that cannot be.
 *
 * Lines keep their numbers. A script without expressions comes back as it is.
 */
export function rewriteScript(script: string, shell: Shell): ScriptRewrite {
  const parsed = parseTemplate(script);
  if (!parsed.ok) {
    return { ok: false, problems: parsed.problems.map(({ message, hint, offset }) => ({ message, hint: hint ?? '', offset })) };
  }
  const places: Place[] = [];
  const sources: string[] = [];
  for (const segment of parsed.template.segments) {
    if (segment.kind !== 'expression') continue;
    places.push({ index: places.length, start: segment.offset, end: segment.offset + segment.length });
    sources.push(segment.source.trim());
  }
  if (places.length === 0) return { ok: true, script, bindings: {} };

  const placing = new Placing(script, places);
  follow(placing, shell);
  return write(placing, sources);
}

function follow(placing: Placing, shell: Shell): void {
  try {
    switch (shell) {
      case 'bash':
      case 'sh':
        return placeInShell(placing, shell);
      case 'node':
        return placeInNode(placing);
      case 'python':
        return placeInPython(placing);
      default:
        return assertNever(shell);
    }
  } catch (error) {
    if (!(error instanceof NotFollowed)) throw error;
    placing.refuse(error.from, placing.text.length, {
      message: `The place of this expression is not known, because the script cannot be followed here: ${error.message}.`,
      hint: () => error.hint,
    });
  }
}

const UNREACHED: Refusal = {
  message: 'The place of this expression in the script is not known.',
  hint: (expression) => `Pass the value by the step's environment: env: { VALUE: ${shown(expression)} }.`,
};

function write(placing: Placing, sources: readonly string[]): ScriptRewrite {
  const { text, places } = placing;
  const nameOf = variableNames(text);
  const bindings: Record<string, string> = {};
  const problems: ScriptProblem[] = [];
  const parts: string[] = [];
  let from = 0;
  for (const place of places) {
    const source = sources[place.index] ?? '';
    const outcome = placing.outcomeOf(place) ?? { placed: false, refusal: UNREACHED };
    if (!outcome.placed) {
      const { message, hint } = outcome.refusal;
      problems.push({ message, hint: hint(source), offset: place.start });
      continue;
    }
    const name = nameOf(source);
    bindings[name] = source;
    parts.push(text.slice(from, place.start), outcome.render(name, breaksIn(text, place)));
    from = place.end;
  }
  if (problems.length > 0) return { ok: false, problems };
  return { ok: true, script: parts.join('') + text.slice(from), bindings };
}

/** Numbers the sources in order of appearance, one name per source, past every number the script itself mentions. */
function variableNames(text: string): (source: string) => string {
  const taken = new Set<string>();
  for (const match of text.matchAll(/KB_EXPR_\d+/gi)) taken.add(match[0].toUpperCase());
  const names = new Map<string, string>();
  let last = 0;
  return (source) => {
    const known = names.get(source);
    if (known !== undefined) return known;
    do last += 1;
    while (taken.has(`KB_EXPR_${last}`));
    const name = `KB_EXPR_${last}`;
    names.set(source, name);
    return name;
  };
}

function breaksIn(text: string, place: Place): number {
  let breaks = 0;
  for (let i = text.indexOf('\n', place.start); i !== -1 && i < place.end; i = text.indexOf('\n', i + 1)) breaks += 1;
  return breaks;
}
