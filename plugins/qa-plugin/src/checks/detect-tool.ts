/** Tools whose results can be read. */
const TOOLS = ['vitest', 'jest', 'mocha', 'node-test', 'tsc', 'vue-tsc', 'eslint'] as const;
export type Tool = (typeof TOOLS)[number];

/** Programs that start another one, with what may stand between. */
const STARTERS = /^(?:cross-env|npx|bunx|c8|(?:pnpm|npm|yarn) (?:exec|dlx)(?: --)?|yarn(?= [a-z-]*(?:vitest|jest|mocha|tsc|eslint)\b)) /;
const ASSIGNMENT = /^[A-Za-z_]\w*=\S* /;

/** Where one of these stands, arguments at the end would not reach the tool, or its results go elsewhere already. */
const NOT_SIMPLE = /[|;<>`\n]|\$\(|(?<!&)&(?!&)/;
const OWN_REPORT: Readonly<Partial<Record<Tool, RegExp>>> = {
  'node-test': /--test-reporter/,
  eslint: /\s(?:-f|--format|-o|--output-file)\b/,
  mocha: /\s(?:-R|--reporter)\b/,
};

/**
 * The tool that a script of package.json ends with: what is added to the script's arguments reaches it. `undefined` where that is
 * not so: the script then runs as it is, and says what it says.
 */
export function detectTool(script: string): Tool | undefined {
  if (script.length > 10_000 || NOT_SIMPLE.test(script)) return undefined;
  let command = script.split('&&').at(-1)?.trim() ?? '';
  for (let rest = ''; rest !== command; ) {
    rest = command;
    command = command.replace(ASSIGNMENT, '').replace(STARTERS, '').trimStart();
  }
  const words = command.split(/\s+/);
  const tool = words[0] === 'node' ? ofNode(words.slice(1)) : programIn(words[0] ?? '');
  return tool === undefined || OWN_REPORT[tool]?.test(command) === true ? undefined : tool;
}

function ofNode(args: readonly string[]): Tool | undefined {
  if (args.includes('--test')) return 'node-test';
  return programIn(args.find((arg) => !arg.startsWith('-')) ?? '');
}

function programIn(word: string): Tool | undefined {
  const name = word.slice(word.lastIndexOf('/') + 1).replace(/\.[cm]?js$/, '');
  return TOOLS.find((tool) => tool === name && tool !== 'node-test');
}
