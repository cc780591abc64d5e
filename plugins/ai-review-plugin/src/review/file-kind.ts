/** How the text of a file is to be read: which comments and strings it has. `plain` has neither. */
export type Language =
  | 'javascript'
  | 'python'
  | 'ruby'
  | 'php'
  | 'go'
  | 'rust'
  | 'java'
  | 'csharp'
  | 'c'
  | 'shell'
  | 'config'
  | 'sql'
  | 'css'
  | 'html'
  | 'plain';

export interface FileKind {
  readonly path: string;
  readonly language: Language;
  /** A test or a fixture of one. */
  readonly test: boolean;
  /** A script, an example or a command-line program: printing is its job. */
  readonly prints: boolean;
  /** Written by a machine, or by others: only secrets and conflict markers are looked for. */
  readonly generated: boolean;
}

const EXTENSIONS: Readonly<Record<Exclude<Language, 'plain'>, string>> = {
  javascript: 'js jsx mjs cjs ts tsx mts cts vue svelte astro',
  python: 'py pyi pyw',
  ruby: 'rb rake gemspec ru',
  php: 'php phtml',
  go: 'go',
  rust: 'rs',
  java: 'java kt kts scala groovy gradle dart swift',
  csharp: 'cs',
  c: 'c h cc cpp cxx hpp hh m mm',
  shell: 'sh bash zsh ksh bats',
  config: 'yml yaml toml ini cfg conf properties env tf hcl',
  sql: 'sql',
  css: 'css scss less sass',
  html: 'html htm xml svg hbs ejs njk',
};

const LANGUAGE_OF = new Map<string, Language>(
  Object.entries(EXTENSIONS).flatMap(([language, names]) => names.split(' ').map((name) => [name, language as Language])),
);

const SHELL_FILE = /^(?:dockerfile(?:\..*)?|containerfile|makefile|justfile|jenkinsfile|\.?(?:bash|zsh)(?:rc|_profile)|\.profile)$/;
const CONFIG_FILE = /^(?:\.env(?:\..*)?|\.npmrc|\.editorconfig|\.gitconfig|\.pypirc|\.netrc)$/;

const TEST_PATH =
  /(?:^|\/)(?:__tests__|__mocks__|__fixtures__|tests?|specs?|e2e|fixtures?|testdata|mocks?)\/|[._-](?:test|spec|cy|e2e|fixture|mock|stories)\.[a-z]+$|(?:^|\/)(?:test_[^/]*|conftest)\.py$|_test\.(?:go|py|rb)$|_spec\.rb$|Tests?\.(?:java|kt|cs|php|swift)$/;
const PRINTING_PATH =
  /(?:^|\/)(?:scripts?|bin|cli|examples?|samples?|demos?|benchmarks?|bench|tools?|tooling|docs?)\/|(?:^|\/)(?:cli|manage|setup|gulpfile|gruntfile|rakefile)\.[a-z]+$|\.config\.[a-z]+$/i;
const GENERATED_PATH =
  /(?:^|\/)(?:node_modules|vendor|third_party|dist|build|out|\.yarn)\/|(?:^|\/)(?:package-lock\.json|npm-shrinkwrap\.json|pnpm-lock\.yaml|yarn\.lock|bun\.lock|composer\.lock|cargo\.lock|gemfile\.lock|poetry\.lock|uv\.lock|go\.sum)$|\.min\.(?:js|css)$|\.(?:map|snap|lock)$|\.(?:generated|gen|pb)\.[a-z]+$/i;

/** What the path alone says about a file. */
export function kindOf(path: string): FileKind {
  return {
    path,
    language: languageOf(path),
    test: TEST_PATH.test(path),
    prints: PRINTING_PATH.test(path),
    generated: GENERATED_PATH.test(path),
  };
}

function languageOf(path: string): Language {
  const name = path.slice(path.lastIndexOf('/') + 1).toLowerCase();
  if (SHELL_FILE.test(name)) return 'shell';
  if (CONFIG_FILE.test(name)) return 'config';
  if (name === 'gemfile' || name === 'rakefile') return 'ruby';
  const dot = name.lastIndexOf('.');
  return (dot === -1 ? undefined : LANGUAGE_OF.get(name.slice(dot + 1))) ?? 'plain';
}
