const SECRET_NAME =
  /(?:password|passwd|passphrase|pwd|secret|token|api[_.-]?key|access[_.-]?key|private[_.-]?key|secret[_.-]?key|encryption[_.-]?key|signing[_.-]?key|auth[_.-]?key|client[_.-]?secret|credential)s?(?:[_.-]?(?:base|prod|production|live|staging|dev|v?\d{1,2}))?$/i;
/** Names that end like a secret but tell about one, or hold what is public. */
const ABOUT_A_SECRET =
  /public[_.-]?key|csrf|xsrf|(?:next|page|cursor|continuation|cancellation|cancel|sync|design|color|css|syntax|lexer|end|start|stop)[_.-]?tokens?$/i;

const PLACEHOLDER =
  /example|sample|change.?(?:me|it)|placeholder|replace|your|insert|dummy|fake|mock|todo|redacted|removed|hidden|masked|not.?(?:a|real|used|needed)|x{4,}|\*{3,}|\.{3}|…|<|>|\$[({]|^\$|\{\{|%[({]|^%s$|#\{|\bnull\b|undefined|\bnone\b/i;
/** Values that are read from elsewhere: a variable, a call, a path, an address. */
const REFERENCE = /^(?:\$|@|!|~?\.{0,2}\/|[a-z][a-z0-9+.-]*:\/\/|process\.|os\.|env[.:[]|secrets?[.:/]|vault:|arn:|file:|data:|[A-Z]:\\)|[()[\]]|::|=>|\s/i;
/** Names, words and constants: letters only, joined by marks. */
const WORDS = /^[A-Za-z]+(?:[._/:@-][A-Za-z]+)*[.:]?$|^[a-z]+(?:[-_.][a-z0-9]{1,8}){1,6}$/;
const WELL_KNOWN = /^(?:pass(?:word|wd)?|secret|token|admin|root|user|guest|test(?:ing)?|postgres|mysql|redis|default|qwerty|letmein|abc|foo|bar|hunter)[\W\d_]*$/i;

/** Whether a name is that of a secret: `dbPassword`, `API_KEY`; not `passwordField`, `publicKey`, `nextToken`. */
export function isSecretName(name: string): boolean {
  return SECRET_NAME.test(name) && !ABOUT_A_SECRET.test(name);
}

/** Whether a value stands for another: an example, a template, a reference, a word everyone uses. */
export function isPlaceholder(value: string): boolean {
  return PLACEHOLDER.test(value) || REFERENCE.test(value) || WORDS.test(value) || WELL_KNOWN.test(value);
}

/** A password may be short and spoken; a key or token is long and random. */
export function looksSecret(name: string, value: string): boolean {
  if (/passw|passphrase|pwd/i.test(name)) return kindsOf(value) >= 2 && entropyOf(value) >= 2.5;
  return value.length >= 16 && kindsOf(value) >= 2 && /\d/.test(value) && looksRandom(value);
}

/** Whether text could come from a random source: `AKIAIOSFODNN7EXAMPLE`, `0123456789abcdef` and `aaaa…` could not. */
export function looksRandom(value: string): boolean {
  if (/example|x{6,}|0{8,}|123456789|abcdefgh/i.test(value)) return false;
  return entropyOf(value) >= 3;
}

/** How many kinds of characters there are: lower case, upper case, digits, others. */
function kindsOf(value: string): number {
  return [/[a-z]/, /[A-Z]/, /\d/, /[^A-Za-z\d]/].filter((kind) => kind.test(value)).length;
}

/** Shannon entropy in bits a character. */
function entropyOf(value: string): number {
  const counts = new Map<string, number>();
  for (const character of value) counts.set(character, (counts.get(character) ?? 0) + 1);
  let bits = 0;
  for (const count of counts.values()) bits -= (count / value.length) * Math.log2(count / value.length);
  return bits;
}
