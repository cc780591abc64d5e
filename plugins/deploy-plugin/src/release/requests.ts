/** What the release program is asked, as JSON on its standard input. Paths are absolute but `source` and `path`, which are relative to `workspace`. */
export type ReleaseRequest = ScanRequest | PushRequest | RollbackRequest;

interface ScanRequest {
  readonly act: 'scan';
  readonly workspace: string;
  readonly source: string;
  /** `contents` reads every file for the digest; `names` tells every entry. */
  readonly want: 'contents' | 'names';
}

export interface PushRequest {
  readonly act: 'push';
  readonly workspace: string;
  readonly source: string;
  readonly path: string;
  readonly keep: number;
  /** Twelve hex digits, the same for every try of one step. */
  readonly key: string;
  readonly note: ReleaseNote;
  /** Where the answer of the health check will be, `0` or `1`. Left out where there is no check. */
  readonly answerFile?: string;
}

export interface RollbackRequest {
  readonly act: 'rollback';
  readonly workspace: string;
  readonly path: string;
  readonly to?: string;
  readonly key: string;
}

/** What is noted with a release: who made it of what. `createdAt` is milliseconds since the epoch. */
export interface ReleaseNote {
  readonly version?: string;
  readonly commit?: string;
  readonly url?: string;
  readonly createdAt: number;
  readonly run: string;
  readonly workflow: string;
  readonly job: string;
  readonly step: string;
}

/** A release as it is kept beside its folder. `digest` covers paths, kinds, permissions and contents. */
export interface ReleaseRecord extends ReleaseNote {
  readonly release: string;
  readonly digest: string;
  readonly files: number;
  readonly bytes: number;
}

/** What the program prints, one line of JSON each. `check` waits for an answer; the last line is `done` or `failed`. */
export type ReleaseReport =
  | { readonly kind: 'entry'; readonly entry: SourceEntry }
  | { readonly kind: 'copied'; readonly fraction: number }
  | { readonly kind: 'check'; readonly release: string; readonly folder: string }
  | { readonly kind: 'note'; readonly text: string }
  | ({ readonly kind: 'done' } & ReleaseResult)
  | ({ readonly kind: 'failed' } & Refusal);

/** Of a scan only what was read of the source is told. */
export interface ReleaseResult {
  readonly release: string;
  readonly previous: string | null;
  readonly changed: boolean;
  readonly repeated: boolean;
  readonly digest: string;
  readonly files: number;
  readonly bytes: number;
}

/** `later`: another try can succeed. */
export interface Refusal {
  readonly code: string;
  readonly message: string;
  readonly hint?: string;
  readonly later: boolean;
}

/** One entry of a source. `path` is relative with `/`; `mode` holds permission bits only. */
export type SourceEntry =
  | { readonly kind: 'folder'; readonly path: string; readonly mode: number }
  | { readonly kind: 'file'; readonly path: string; readonly mode: number; readonly bytes: number }
  | { readonly kind: 'link'; readonly path: string; readonly leadsTo: string };

/** The name of a release: when it was made, in UTC and to the millisecond, and twelve hex digits of what made it. */
export function releaseName(key: string, createdAt: number): string {
  const [day = '', time = ''] = new Date(createdAt).toISOString().split('T');
  return `${day.replaceAll('-', '')}-${time.replaceAll(/[:.Z]/g, '')}-${key}`;
}
