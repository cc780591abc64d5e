import { inCall, inCode, inText, type LineRule, offsetOf, type ReviewedLine } from './line-rule.js';

/** Calls and settings that are dangerous with values from outside. */
export const RISKY_CALL_RULES: readonly LineRule[] = [
  { rule: 'dynamic-code', languages: ['javascript'], tests: 'skip', find: inCode(/(?<![\w.$#])eval\s*\((?!\s*\))|(?<![\w$])new\s+Function\s*\(|\bvm\.runIn(?:This|New)Context\s*\(/) },
  { rule: 'dynamic-code', languages: ['javascript'], tests: 'skip', find: inCall(/(?<![\w.$])set(?:Timeout|Interval)\s*\(\s*["'`]/) },
  { rule: 'dynamic-code', languages: ['python'], tests: 'skip', find: inCode(/(?<![\w.])(?:eval|exec)\s*\((?!\s*\))(?<!def \w{4}\()/) },
  { rule: 'dynamic-code', languages: ['php'], tests: 'skip', find: inCode(/(?<![\w>:$])(?:eval|create_function)\s*\(/) },
  { rule: 'dynamic-code', languages: ['ruby'], tests: 'skip', find: inCode(/(?<![\w.])eval\s*[(\s](?!\s*=)/) },

  {
    rule: 'shell-injection',
    languages: ['javascript'],
    tests: 'skip',
    find: inCall(/(?:(?<![\w.$])|\b(?:child_process|childProcess|cp|shell|util)\.)(?:exec|execSync|execAsync|execPromise)\s*\(\s*(?:`[^`]*\$\{|(["'])[^"']*\1\s*\+)/),
  },
  {
    rule: 'shell-injection',
    languages: ['python'],
    tests: 'skip',
    find: inCall(/\b(?:os\.(?:system|popen)|subprocess\.(?:getoutput|getstatusoutput))\s*\(\s*(?:f["']|["'][^"']*["']\s*(?:%|\+|\.format\()|\w+\s*\+)/),
  },
  { rule: 'shell-injection', languages: ['php'], tests: 'skip', find: inCall(/(?<![\w>:$])(?:shell_exec|exec|system|passthru|popen)\s*\(\s*(?:"[^"]*\$|["'][^"']*["']\s*\.\s*\$)/) },
  { rule: 'shell-injection', languages: ['ruby'], tests: 'skip', find: inCall(/(?<![\w.])(?:system|exec|spawn)\s*\(?\s*"[^"]*#\{[^"]*"\s*\)?\s*$/) },
  { rule: 'shell-injection', languages: ['java'], tests: 'skip', find: inCall(/\bgetRuntime\(\)\.exec\(\s*"[^"]*"\s*\+/) },
  { rule: 'shell-injection', languages: ['go'], tests: 'skip', find: inCall(/\bexec\.Command(?:Context)?\([^"]{0,40}"(?:ba|z)?sh",\s*"-c",\s*(?:fmt\.Sprintf\(|"[^"]*"\s*\+)/) },
  { rule: 'shell-option', languages: ['python'], tests: 'skip', find: inCode(/\bshell\s*=\s*True\b/) },
  { rule: 'shell-option', languages: ['javascript'], tests: 'skip', find: inCode(/(?:\bspawn(?:Sync)?|\bexecFile(?:Sync)?|\bexeca)\b.*\bshell:\s*true\b|^\s*shell:\s*true\s*,?\s*\}?\s*\)?;?$/) },

  { rule: 'sql-injection', tests: 'skip', languages: ['javascript', 'python', 'ruby', 'php', 'go', 'java', 'csharp'], find: findSqlFromValues },

  { rule: 'unsafe-html', languages: ['javascript', 'html'], tests: 'skip', find: findUnsafeHtml },
  { rule: 'unsafe-html', languages: ['python'], tests: 'skip', find: inCall(/\bmark_safe\s*\(\s*(?:f["']|[^"'\s)]|["'][^"']*["']\s*(?:%|\+|\.format))/) },

  { rule: 'unsafe-deserialization', languages: ['python'], tests: 'skip', find: inCode(/\b(?:c?[pP]ickle|dill|cloudpickle|marshal|shelve|jsonpickle)\.(?:loads?|open|decode|Unpickler)\s*\(/) },
  { rule: 'unsafe-deserialization', languages: ['python'], tests: 'skip', find: inCode(/\byaml\.(?:load|load_all)\s*\((?!.*\b(?:C?SafeLoader|BaseLoader)\b)|\byaml\.(?:unsafe_load|full_load)(?:_all)?\s*\(/) },
  { rule: 'unsafe-deserialization', languages: ['ruby'], tests: 'skip', find: inCode(/\bMarshal\.(?:load|restore)\b|\bYAML\.(?:unsafe_load)\b/) },
  { rule: 'unsafe-deserialization', languages: ['php'], tests: 'skip', find: inCall(/(?<![\w>:$])unserialize\s*\((?!.*allowed_classes)/) },
  { rule: 'unsafe-deserialization', languages: ['java'], tests: 'skip', find: inCode(/\bnew\s+ObjectInputStream\s*\(/) },
  { rule: 'unsafe-deserialization', languages: ['csharp'], tests: 'skip', find: inCode(/\bnew\s+BinaryFormatter\s*\(/) },

  { rule: 'weak-password-hash', tests: 'skip', find: findWeakPasswordHash },
  { rule: 'insecure-random', languages: ['javascript'], tests: 'skip', find: inCode(/(?:token|secret|passw|pwd|nonce|salt|session_?id|api_?key|otp|csrf)\w{0,20}\s*(?::\s*\w+\s*)?[:=]{1,2}[^;]{0,80}\bMath\.random\s*\(/i) },
  { rule: 'insecure-random', languages: ['python'], tests: 'skip', find: inCode(/(?:token|secret|passw|pwd|nonce|salt|session_?id|api_?key|otp|csrf)\w{0,20}\s*=[^=;]{0,80}(?<![\w.])random\.(?:choices?|randint|random|randrange|getrandbits)\s*\(/i) },

  { rule: 'tls-disabled', languages: ['javascript'], tests: 'skip', find: inCode(/\brejectUnauthorized["']?\s*:\s*false\b|\bstrictSSL["']?\s*:\s*false\b|\binsecureSkipVerify\s*:\s*true\b/) },
  { rule: 'tls-disabled', find: inText(/\bNODE_TLS_REJECT_UNAUTHORIZED\b["'\]]*\s*[:=]\s*["']?0\b/) },
  { rule: 'tls-disabled', languages: ['python'], tests: 'skip', find: inCode(/\b(?:verify|verify_ssl|ssl_verify|check_hostname)\s*=\s*False\b|\bssl\.(?:_create_unverified_context|CERT_NONE)\b/) },
  { rule: 'tls-disabled', languages: ['go'], tests: 'skip', find: inCode(/\bInsecureSkipVerify\s*[:=]\s*true\b/) },
  { rule: 'tls-disabled', languages: ['php'], tests: 'skip', find: inCode(/\bCURLOPT_SSL_VERIFY(?:PEER|HOST)\b["']?\s*(?:,|=>)\s*(?:false|0)\b/i) },
  { rule: 'tls-disabled', languages: ['ruby'], tests: 'skip', find: inCode(/\bOpenSSL::SSL::VERIFY_NONE\b/) },
  { rule: 'tls-disabled', languages: ['rust'], tests: 'skip', find: inCode(/\bdanger_accept_invalid_(?:certs|hostnames)\(\s*true\s*\)/) },
  { rule: 'tls-disabled', languages: ['shell', 'config'], find: inText(/(?:^|[\s;|&("'])curl\s(?:[^|;&]*\s)?(?:-[a-zA-Z]*k[a-zA-Z]*|--insecure)(?=\s|$)|\bwget\s[^|;&]*--no-check-certificate|\bstrict-ssl[\s=:]+false\b|\bsslVerify[\s=:]+false\b|\bGIT_SSL_NO_VERIFY=(?:1|true)/) },

  { rule: 'world-writable', languages: ['shell', 'config'], find: inText(/\bchmod\s+(?:-[a-zA-Z]+\s+)*(?:0?777|0?666|a\+\w*w\w*|o\+\w*w\w*|ugo\+\w*w\w*)(?=\s|$)/) },
  { rule: 'world-writable', languages: ['javascript', 'python', 'ruby', 'php', 'go', 'rust'], tests: 'skip', find: inCode(/\b[cC]hmod(?:Sync)?\w{0,10}\s*\([^)]*?\b0o?777\b(?!\s*[-&])|\bmode\s*[:=]\s*0o?777\b|\bmkdir\w*\([^)]*\b0o?777\b(?!\s*[-&])/) },

  { rule: 'pipe-to-shell', languages: ['shell', 'config'], find: inText(/\b(?:curl|wget)\s[^|;]{1,500}\|\s*(?:sudo\s+(?:-\S+\s+)*)?(?:env\s+)?(?:\/(?:usr\/)?bin\/)?(?:(?:ba|z|k|da)?sh|python3?|node|perl|ruby)(?=\s|$|["'])|\b(?:(?:ba|z)?sh|eval)\s+(?:-c\s+)?["']?(?:<\(|\$\()\s*(?:curl|wget)\s/) },
];

/** The start of a statement, all in capitals or all small: `Select one from the list` is English. */
const SQL = String.raw`(?:SELECT\s[^"'${'`'}]{1,200}?\sFROM\s|INSERT\s+INTO\s|UPDATE\s+\S{1,80}\s+SET\s|DELETE\s+FROM\s|select\s+(?:\*|[\w.]+(?:,\s*[\w.]+){0,20})\s+from\s+\S{1,80}\s+(?:where|order|limit|join)\s|insert\s+into\s+\S{1,80}\s*(?:\(|values)|update\s+\S{1,80}\s+set\s+\w+\s*=|delete\s+from\s+\S{1,80}\s+where\s)`;
/** A template. A tag in front, as in sql`…`, takes the values apart from the text; a name in capitals is a constant. */
const SQL_TEMPLATE = new RegExp(String.raw`(?<![\w$\])])${'`'}\s*${SQL}[^${'`'}]{0,1000}\$\{(?![A-Z][A-Z0-9_]*\})`);
const SQL_JOINED = new RegExp(String.raw`(["'])\s*${SQL}(?:(?!\1).){0,1000}\1\s*(?:\+|\.\s*\$|\.format\s*\(|%\s*[\w(])`);
const SQL_F_STRING = new RegExp(String.raw`(?<!\w)[fF](["']{1,3})\s*${SQL}(?:(?!\1).){0,1000}\{`);
const SQL_INTERPOLATED = new RegExp(String.raw`\$?"\s*${SQL}[^"]{0,1000}(?:#\{|\{\$|\s\$\w|'\$\w)`);
const SQL_SPRINTF = new RegExp(String.raw`\b(?:Sprintf|sprintf|String\.format|format!)\s*\(\s*["${'`'}]\s*${SQL}[^"${'`'}]{0,1000}%[sdvq]`);

function findSqlFromValues({ text, kind }: ReviewedLine): number | undefined {
  switch (kind.language) {
    case 'javascript':
      return offsetOf(SQL_TEMPLATE, text) ?? offsetOf(SQL_JOINED, text);
    case 'python':
      return offsetOf(SQL_F_STRING, text) ?? offsetOf(SQL_JOINED, text);
    case 'php':
    case 'ruby':
      return offsetOf(SQL_INTERPOLATED, text) ?? offsetOf(SQL_JOINED, text);
    default:
      return offsetOf(SQL_SPRINTF, text) ?? offsetOf(SQL_JOINED, text);
  }
}

const HTML_SINK = /\.(?:innerHTML|outerHTML)\s*\+?=(?!=)|\.insertAdjacentHTML\s*\(|(?<![\w.$])document\.write(?:ln)?\s*\(|\bdangerouslySetInnerHTML\s*=|\bv-html\s*=|\{@html\b/;
/** A constant is no danger, nor is what a sanitiser returns. */
const CONSTANT_HTML = /(?:innerHTML|outerHTML)\s*\+?=\s*(?:(["'])[^"']*\1|`[^`$]*`)\s*;?\s*$|insertAdjacentHTML\s*\(\s*["']\w+["']\s*,\s*(?:(["'])[^"']*\2|`[^`$]*`)\s*\)/;
const SANITISED = /saniti[sz]e|purify|escapeHtml|escapeHTML|trustedHTML|TrustedHTML/i;

function findUnsafeHtml({ text, code, kind }: ReviewedLine): number | undefined {
  const at = offsetOf(HTML_SINK, kind.language === 'html' ? text : code);
  return at === undefined || CONSTANT_HTML.test(text) || SANITISED.test(text) ? undefined : at;
}

const WEAK_HASH = /\b(?:createHash\s*\(\s*["'](?:md5|sha-?1)["']|hashlib\.(?:md5|sha1)\b|(?<![\w.>])(?:md5|sha1)\s*\(|DigestUtils\.(?:md5|sha1)\w*\(|MessageDigest\.getInstance\s*\(\s*"(?:MD5|SHA-?1)"|(?:md5|sha1)\.(?:Sum|New)\b|Digest::(?:MD5|SHA1)\b|MD5\.(?:Create|HashData)\()/i;

function findWeakPasswordHash({ text }: ReviewedLine): number | undefined {
  return /passw|passphrase|\bpwd\b/i.test(text) ? offsetOf(WEAK_HASH, text) : undefined;
}
