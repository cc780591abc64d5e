/** How an artifact can be shown. `file` is anything else: offered for download. */
export const ARTIFACT_TYPES = ['markdown', 'table', 'issues', 'diff', 'json', 'log', 'link', 'text', 'file'] as const;
export type ArtifactType = (typeof ARTIFACT_TYPES)[number];

export const ARTIFACT_NAME = /^[A-Za-z0-9_][A-Za-z0-9._/-]{0,254}$/;

/** What an event keeps of an artifact. The bytes are in the blob store under `digest` (`sha256:` and hex). */
export interface ArtifactHandle {
  readonly name: string;
  readonly type: ArtifactType;
  readonly label?: string;
  readonly digest: string;
  readonly bytes: number;
}

const TYPE_OF_EXTENSION: Readonly<Record<string, ArtifactType>> = {
  md: 'markdown',
  markdown: 'markdown',
  csv: 'table',
  tsv: 'table',
  diff: 'diff',
  patch: 'diff',
  json: 'json',
  log: 'log',
  txt: 'text',
};

/** The type of an artifact whose author named none: by the extension of its name, `file` for all others. */
export function artifactTypeOf(name: string): ArtifactType {
  const extension = /\.([a-z]+)$/i.exec(name)?.[1]?.toLowerCase();
  return (extension !== undefined && Object.hasOwn(TYPE_OF_EXTENSION, extension) ? TYPE_OF_EXTENSION[extension] : undefined) ?? 'file';
}

/** Where in its run an artifact was made, which names it where others have its name: `<job>/<step>/<name>`, or `<job>/<name>` of one that a job made of them. */
export function artifactPlace({ job, step, name }: { readonly job: string; readonly step: string | null; readonly name: string }): string {
  return [job, ...(step === null ? [] : [step]), name].join('/');
}
