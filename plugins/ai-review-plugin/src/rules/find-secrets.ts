import type { FileKind } from '../review/file-kind.js';
import type { RuleId } from './catalog.js';
import { isPlaceholder, isSecretName, looksRandom, looksSecret } from './secret-value.js';

/** A secret in a line, by offsets. `shown` is what may be told of it: a public prefix at most. */
export interface FoundSecret {
  readonly rule: RuleId;
  readonly what: string;
  readonly start: number;
  readonly end: number;
  readonly shown: string;
  /** Too vague to report in a file like this, but masked wherever the line is quoted. */
  readonly maskOnly: boolean;
}

/** Longer lines are machine-written; what follows is not looked at. */
export const SECRET_LINE_LENGTH = 16_384;

interface TokenForm {
  readonly what: string;
  readonly rule: RuleId;
  /** Group 1 is the prefix that is no secret, the whole match the token. Bounded, so that no line takes long. */
  readonly form: RegExp;
  /** Tests are full of made-up ones. */
  readonly commonInTests?: true;
}

const TOKEN_FORMS: readonly TokenForm[] = [
  token('an AWS access key', /\b((?:AKIA|ASIA))[A-Z2-7]{16}\b/g),
  token('a GitHub token', /\b(gh[opsur]_)[A-Za-z0-9]{36,255}\b/g),
  token('a GitHub token', /\b(github_pat_)[A-Za-z0-9]{22}_[A-Za-z0-9]{59}\b/g),
  token('a GitLab token', /\b(gl(?:pat|ptt|rt|dt|cbt)-)[\w-]{20,64}/g),
  token('a Slack token', /\b(xox[abeoprs]-)(?:\d[\w-]{10,120}|[A-Za-z0-9]{4,}-[\w-]{10,120})/g),
  token('a Slack webhook', /\bhttps:\/\/(hooks\.slack\.com\/(?:services|workflows)\/)T\w{6,14}\/[AB]\w{6,14}\/[\w/]{16,64}/g),
  token('a Stripe key', /\b([rs]k_live_)[A-Za-z0-9]{16,247}\b/g),
  { ...token('a Stripe test key', /\b([rs]k_test_)[A-Za-z0-9]{16,247}\b/g), rule: 'test-token' },
  token('a Stripe webhook secret', /\b(whsec_)[A-Za-z0-9+/]{32,128}/g),
  token('a Google API key', /\b(AIza)[\w-]{35}\b/g),
  token('a Google OAuth secret', /\b(GOCSPX-)[\w-]{28}\b/g),
  token('an npm token', /\b(npm_)[A-Za-z0-9]{36}\b/g),
  token('a PyPI token', /\b(pypi-AgEIcHlwaS5vcmc)[\w-]{50,255}/g),
  token('an OpenAI key', /\b(sk-(?:proj|svcacct|admin)-)[\w-]{20,200}/g),
  token('an Anthropic key', /\b(sk-ant-)[\w-]{24,200}/g),
  token('a SendGrid key', /\b(SG\.)[\w-]{20,24}\.[\w-]{39,50}/g),
  token('a Twilio key', /\b(SK)[0-9a-f]{32}\b/g),
  token('a DigitalOcean token', /\b(do[opr]_v1_)[0-9a-f]{64}\b/g),
  token('a Hugging Face token', /\b(hf_)[A-Za-z]{34}\b/g),
  { ...token('a JSON web token', /\b(eyJ)[\w-]{10,2000}\.eyJ[\w-]{10,4000}\.[\w-]{20,1000}/g), commonInTests: true },
];

/** Most lines hold none of these: one look saves twenty. */
const ANY_PREFIX = /AKIA|ASIA|gh[opsur]_|github_pat_|gl[a-z]{2,4}-|xox|hooks\.slack|k_(?:live|test)_|whsec_|AIza|GOCSPX|npm_|pypi-|sk-|SG\.|SK[0-9a-f]|do[opr]_v1|hf_|eyJ/;
const ANY_NAME = /pass|pwd|secret|token|key|credential/i;

/** In a closed string the mark stands alone: code that looks for keys. */
const PRIVATE_KEY = /-----BEGIN (?:[A-Z0-9]{2,12} ){0,2}PRIVATE KEY(?: BLOCK)?-----(?!["'`])/g;
const URL_PASSWORD = /\b[a-z][a-z0-9+.-]{1,20}:\/\/([^\s:/@'"`<>]{0,64}):([^\s@/'"`<>]{3,128})@([\w.[\]:-]{1,255})/gi;
const LOCAL_HOST = /^(?:localhost|127\.|0\.0\.0\.0|\[::1\]|host\.docker\.internal|[\w-]*(?:example|test|invalid)\b|[\w-]+(?::\d+)?$)/i;
/** `name = "value"` in any language, and `"name": "value"`. */
const QUOTED_ASSIGNMENT = /([\w.-]{3,80})["'`\]]{0,2}\s{0,8}(?::=|=>|[:=])\s{0,8}([bru]?["'`])([^"'`\s]{8,512})["'`]/gi;
/** `NAME=value` of an environment file, `name: value` of YAML. */
const BARE_ASSIGNMENT = /^\s{0,64}(?:export\s+|-\s+)?([\w.-]{3,80})\s{0,8}[:=]\s{0,8}([^\s"'`#]{8,512})\s*(?:#.*)?$/g;

/** Every secret of a line, each place once. */
export function findSecrets(line: string, kind: FileKind): FoundSecret[] {
  const text = line.slice(0, SECRET_LINE_LENGTH);
  const found: FoundSecret[] = [];
  for (const secret of [...privateKeys(text), ...tokens(text, kind), ...urlPasswords(text, kind), ...assignments(text, kind)]) {
    if (!found.some(({ start, end }) => secret.start < end && start < secret.end)) found.push(secret);
  }
  return found.sort((a, b) => a.start - b.start);
}

function* privateKeys(text: string): Generator<FoundSecret> {
  if (!text.includes('-----BEGIN')) return;
  for (const match of text.matchAll(PRIVATE_KEY)) {
    // A key written on one line goes on after its first mark.
    const rest = text.slice(match.index + match[0].length);
    const hasBody = /[A-Za-z0-9+/=]{16}/.test(rest);
    yield {
      rule: 'private-key',
      what: 'a private key',
      start: match.index,
      end: hasBody ? text.length : match.index + match[0].length,
      shown: match[0],
      maskOnly: false,
    };
  }
}

function* tokens(text: string, kind: FileKind): Generator<FoundSecret> {
  if (!ANY_PREFIX.test(text)) return;
  for (const { what, rule, form, commonInTests = false } of TOKEN_FORMS) {
    for (const match of text.matchAll(form)) {
      const prefix = match[1] ?? '';
      if (!looksRandom(match[0].slice(match[0].indexOf(prefix) + prefix.length))) continue;
      yield { rule, what, start: match.index, end: match.index + match[0].length, shown: prefix, maskOnly: commonInTests && kind.test };
    }
  }
}

function* urlPasswords(text: string, kind: FileKind): Generator<FoundSecret> {
  if (!text.includes('://')) return;
  for (const match of text.matchAll(URL_PASSWORD)) {
    const [whole, user = '', password = '', host = ''] = match;
    if (isPlaceholder(password) || password === user) continue;
    const start = match.index + whole.lastIndexOf(`:${password}@`) + 1;
    yield {
      rule: 'url-password',
      what: 'a password in a URL',
      start,
      end: start + password.length,
      shown: '',
      maskOnly: kind.test || LOCAL_HOST.test(host),
    };
  }
}

function* assignments(text: string, kind: FileKind): Generator<FoundSecret> {
  if (!ANY_NAME.test(text)) return;
  for (const match of text.matchAll(QUOTED_ASSIGNMENT)) {
    const [whole, name = '', quote = '', value = ''] = match;
    const secret = assigned({ name, value, start: match.index + whole.lastIndexOf(quote + value) + quote.length, kind });
    if (secret !== undefined) yield secret;
  }
  if (kind.language !== 'config' && kind.language !== 'shell') return;
  for (const match of text.matchAll(BARE_ASSIGNMENT)) {
    const [whole, name = '', value = ''] = match;
    const secret = assigned({ name, value, start: match.index + whole.indexOf(value, whole.indexOf(name) + name.length), kind });
    if (secret !== undefined) yield secret;
  }
}

interface Assignment {
  readonly name: string;
  readonly value: string;
  readonly start: number;
  readonly kind: FileKind;
}

function assigned({ name, value, start, kind }: Assignment): FoundSecret | undefined {
  if (!isSecretName(name) || isPlaceholder(value) || !looksSecret(name, value)) return undefined;
  return {
    rule: 'hard-coded-secret',
    what: `the value of "${name}"`,
    start,
    end: start + value.length,
    shown: '',
    maskOnly: kind.test || kind.generated,
  };
}

function token(what: string, form: RegExp): TokenForm {
  return { what, rule: 'provider-token', form };
}
