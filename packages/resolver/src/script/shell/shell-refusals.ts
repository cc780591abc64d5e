import { shown, type Refusal } from '../placing.js';

/** Every reason why bash or sh cannot take a value in a place, with what to write instead. */

const byEnv = (expression: string): string => `env: { VALUE: ${shown(expression)} }`;

function refusal(message: string, hint: (expression: string) => string): Refusal {
  return { message, hint };
}

export const QUOTED_HEREDOC = refusal(
  "An expression cannot stand in a here-document with a quoted delimiter (<<'EOF'): nothing is expanded there.",
  (e) => `Write the delimiter without quotes (<<EOF) and put a backslash before each $ and \` that is meant as text, or pass it as ${byEnv(e)}.`,
);

export const ANSI_QUOTE = refusal("An expression cannot stand in $'…': no variable is read there.", () =>
  `End the quote before the expression and open it again after: $'a\\t'\${{ … }}$'\\n'.`,
);

export const LOCALE_QUOTE = refusal('An expression cannot stand in $"…": the text is looked up in a translation first.', () =>
  'Write "…" without the $ before it.',
);

export const BACKTICK = refusal('An expression cannot stand in `…`: quotes mean something else in there.', () =>
  'Write $( … ) in place of the backticks.',
);

export const ESCAPED = refusal('An expression cannot follow a backslash or a $: the two would be read as one.', () =>
  'Leave the sign before ${{ out, or write \\$ for a dollar sign before the value.',
);

export const ARITHMETIC = refusal(
  'An expression cannot stand in arithmetic: the shell evaluates the value, and a value such as a[$(command)] runs a command.',
  (e) =>
    `Calculate in the expression itself, or pass ${byEnv(e)} and check it before use: case $VALUE in ''|*[!0-9]*) exit 2;; esac.`,
);

export const NUMERIC_TEST = refusal(
  'An expression cannot be compared as a number in [[ ]]: bash evaluates the value, and a value such as a[$(command)] runs a command.',
  (e) => `Write [ ${shown(e)} -gt 3 ], which takes whole numbers only.`,
);

export const SUBSCRIPT = refusal('An expression cannot stand in an array subscript: the shell evaluates it, which can run a command.', (e) =>
  `Pass ${byEnv(e)} and check it before use, or choose the element in the expression.`,
);

export const PARAMETER = refusal('An expression cannot stand in this part of ${…}: the value would be read as a name, a number or a replacement rule.', () =>
  'Assign it first (value=${{ … }}) and use "$value", or compute the text in the expression.',
);

export const HEREDOC_PATTERN = refusal('An expression cannot be the pattern of ${…} in a here-document: shells disagree about quotes there.', () =>
  'Assign the shortened text to a variable before the here-document.',
);

export const DELIMITER = refusal('An expression cannot be part of a here-document delimiter.', () => 'Write a fixed word such as EOF.');

export const COMMAND = refusal('An expression cannot name the command to run: the value would decide what is executed.', () =>
  'Choose among fixed commands: case ${{ … }} in lint) pnpm lint;; test) pnpm test;; *) exit 2;; esac.',
);

export const NAME = refusal('An expression cannot be the name of a variable or function: the shell evaluates subscripts in it, which can run a command.', () =>
  'Write a fixed name and put the expression in its value: NAME=${{ … }}.',
);

export const EVALUATED_VARIABLE = refusal('An expression cannot be given to this variable: the shell evaluates what is assigned to it.', () =>
  'Use a plain variable (no declare -i, -n, -a or -A, not a variable of the shell itself): name=${{ … }}.',
);

export const SHELL_CODE = refusal('An expression cannot stand here: the command takes this text as code to run.', (e) =>
  `Call the command without it, or pass ${byEnv(e)} and let the code read "$VALUE".`,
);

export const PROGRAM_TEXT = refusal('An expression cannot stand in the text of a program: the value would become code.', (e) =>
  `Pass ${byEnv(e)} and read it in the program: "$VALUE" in sh, process.env.VALUE in node, os.environ["VALUE"] in python, ENVIRON["VALUE"] in awk, $ENV{VALUE} in perl, env.VALUE or --arg in jq.`,
);

export const PROGRAM_INPUT = refusal('An expression cannot reach the standard input of an interpreter: what it reads there is its program.', (e) =>
  `Pass ${byEnv(e)} and read the variable in the program, with a quoted delimiter (<<'EOF').`,
);

export const PROGRAM_FILE = refusal('An expression cannot stand before the program an interpreter runs: the value could be an option that holds code.', () =>
  'Write a fixed script file and pass the value after it: node build.js ${{ … }}.',
);

export const REMOTE_CODE = refusal('An expression cannot be part of what ssh runs: the remote shell reads the words again as code.', () =>
  'Send the value on standard input and read it there: printf %s ${{ … }} | ssh -- host \'read -r value; …\'.',
);

export const SSH_HOST = refusal('An expression cannot be the first thing ssh sees: a value that starts with - would be an option that runs a command.', () =>
  'Write -- before the host: ssh -- ${{ … }} uptime.',
);

export const MAKE = refusal('An expression cannot be an argument of make: it expands $(shell …) in targets and variables.', (e) =>
  `Pass ${byEnv(e)} and read "$$VALUE" in the recipe.`,
);

export const FORMAT = refusal('An expression cannot stand in the format of printf: % and \\ in the value would be interpreted.', () =>
  "Write a fixed format: printf '%s\\n' ${{ … }}.",
);

export const ALIASED = refusal('An expression cannot follow an alias: it changes how the text after it is read.', () =>
  'Write a function in place of the alias.',
);

export const TEST_OPERAND = refusal('An expression cannot follow a word that may turn out to be an operator: [ -v value ] evaluates the value.', () =>
  'Write a fixed operator before it: [ "$name" = ${{ … }} ].',
);
