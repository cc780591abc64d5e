import type { DiffFile } from '../diff/parse-diff.js';
import type { FileKind } from '../review/file-kind.js';
import type { RuleId } from './catalog.js';

/** Something about a file as a whole, or about one of its lines when `line` is given. */
export interface FileHit {
  readonly rule: RuleId;
  readonly what?: string;
  readonly line?: number;
  readonly quote?: string;
}

/** Added lines past which a file is too much for one review. */
const LARGE_FILE_LINES = 1_000;
/** The same of a whole change. */
export const LARGE_CHANGE_LINES = 2_500;

const SENSITIVE_NAME =
  /(?:^|\/)(?:\.env(?:\.(?!example$|sample$|template$|dist$|defaults?$|test$|ci$|schema$)[\w.-]+)?|id_(?:rsa|dsa|ecdsa|ed25519)|\.htpasswd|\.netrc|_netrc|\.pgpass|\.aws\/credentials|\.docker\/config\.json|[^/]+\.(?:key|p12|pfx|jks|keystore|kdbx|ppk))$/i;
const ARTIFACT_NAME =
  /\.(?:zip|tar|t?gz|tgz|bz2|xz|7z|rar|jar|war|ear|class|exe|dll|so|dylib|o|a|lib|obj|pyc|whl|deb|rpm|dmg|iso|apk|ipa|msi|node|wasm|sqlite3?|db|dump|bak|mp4|mov|psd)$/i;

export function findFileHits(file: DiffFile, kind: FileKind): FileHit[] {
  return [...sensitiveFile(file, kind), ...binaryArtifact(file), ...largeFile(file, kind), ...conflictMarkers(file)];
}

function* sensitiveFile(file: DiffFile, kind: FileKind): Generator<FileHit> {
  if (file.created && !kind.test && SENSITIVE_NAME.test(file.path)) yield { rule: 'sensitive-file' };
}

function* binaryArtifact(file: DiffFile): Generator<FileHit> {
  if (file.created && file.binary && ARTIFACT_NAME.test(file.path)) yield { rule: 'binary-artifact' };
}

function* largeFile(file: DiffFile, kind: FileKind): Generator<FileHit> {
  if (kind.generated || file.additions <= LARGE_FILE_LINES) return;
  yield { rule: 'large-file', what: `${String(file.additions)} lines are added` };
}

/**
 * A row of seven is a marker only beside its counterparts: `=======` underlines titles, `>>>>>>>` quotes mails.
 * The outer two are reported, where they were added.
 */
function* conflictMarkers(file: DiffFile): Generator<FileHit> {
  const lines = file.hunks.flatMap((hunk) => hunk.lines);
  const opens = lines.some(({ text }) => /^<{7}(?:\s|$)/.test(text));
  const parts = lines.some(({ text }) => /^={7}$/.test(text));
  const closes = lines.some(({ text }) => /^>{7}(?:\s|$)/.test(text));
  if (Number(opens) + Number(parts) + Number(closes) < 2) return;
  for (const { number, text, added } of lines) {
    if (added && /^(?:<{7}|>{7})(?:\s|$)/.test(text)) yield { rule: 'conflict-marker', line: number, quote: text };
  }
}
