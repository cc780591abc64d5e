/** From the least to the most severe. */
export const SEVERITIES = ['low', 'medium', 'high', 'critical'] as const;
export type Severity = (typeof SEVERITIES)[number];

interface RuleRow {
  readonly severity: Severity;
  /** What is wrong and why it matters, as the finding says it. */
  readonly message: string;
}

/** Every rule: its id, how bad a hit is, and what the finding says. */
export const RULES = {
  'private-key': row('critical', 'a private key is in the change: everyone who can read the repository has it; revoke it'),
  'provider-token': row('critical', 'a credential is in the change: everyone who can read the repository has it; revoke it'),
  'test-token': row('medium', 'a test credential is in the change: it belongs in the environment'),
  'hard-coded-secret': row('high', 'a secret is written into the code: read it from the environment or a secret store'),
  'url-password': row('high', 'a URL carries its password: read it from the environment or a secret store'),
  'sensitive-file': row('high', 'a file that usually holds credentials is added to the repository'),
  'conflict-marker': row('high', 'a merge conflict marker was left in the file'),
  'bidi-control': row('high', 'an invisible control character changes the order in which the line is shown: what is read is not what runs'),
  'focused-test': row('high', 'a focused test keeps all others from running'),
  'skipped-test': row('low', 'a test is switched off'),
  debugger: row('medium', 'a breakpoint was left in the code'),
  'debug-output': row('low', 'output for debugging was left in the code'),
  'dynamic-code': row('high', 'text is run as code: whoever controls the text controls the program'),
  'shell-injection': row('high', 'a shell command is put together from values: pass the arguments as a list, without a shell'),
  'shell-option': row('medium', 'a program is started through a shell: arguments are read as shell syntax'),
  'sql-injection': row('high', 'an SQL statement is put together from values: use parameters'),
  'unsafe-html': row('medium', 'HTML is set from a value: text from outside becomes script unless it is sanitised'),
  'unsafe-deserialization': row('high', 'reading this format can run code from the data: use a safe loader'),
  'weak-password-hash': row('high', 'MD5 and SHA-1 are no hashes for passwords: use scrypt, argon2 or bcrypt'),
  'insecure-random': row('medium', 'this random source can be predicted: use a cryptographic one for secrets'),
  'tls-disabled': row('high', 'the certificate of the other side is not checked: anyone in between can read and change the traffic'),
  'world-writable': row('medium', 'every user of the machine may write this'),
  'pipe-to-shell': row('medium', 'a download is run without a look at it: fetch, check, then run'),
  todo: row('low', 'a note about unfinished work is added'),
  'large-file': row('low', 'one file grows by so many lines that nobody reads them all'),
  'large-change': row('low', 'the change is too large to be reviewed well: split it'),
  'binary-artifact': row('low', 'a build product or archive is added: it cannot be reviewed, and stays in the history for ever'),
} as const satisfies Readonly<Record<string, RuleRow>>;

export type RuleId = keyof typeof RULES;

export const RULE_IDS = Object.keys(RULES) as [RuleId, ...RuleId[]];

/** Whether `severity` is `threshold` or worse. */
export function isAtLeast(severity: Severity, threshold: Severity): boolean {
  return SEVERITIES.indexOf(severity) >= SEVERITIES.indexOf(threshold);
}

function row(severity: Severity, message: string): RuleRow {
  return { severity, message };
}
