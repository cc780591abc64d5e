import type { ArtifactView } from '@kb-labs/contracts';

/** Types that a browser would not run, whatever the bytes are. */
const TYPES: Readonly<Record<ArtifactView['type'], string>> = {
  markdown: 'text/markdown; charset=utf-8',
  table: 'text/csv; charset=utf-8',
  issues: 'application/json',
  diff: 'text/plain; charset=utf-8',
  json: 'application/json',
  log: 'text/plain; charset=utf-8',
  link: 'text/plain; charset=utf-8',
  text: 'text/plain; charset=utf-8',
  file: 'application/octet-stream',
};

/** An artifact is offered to be stored, never shown: its name and bytes are chosen by a step. */
export function artifactHeaders({ name, type, digest }: ArtifactView): Record<string, string> {
  const file = name.replaceAll('/', '-');
  return {
    'Content-Type': TYPES[type],
    // Names of artifacts are plain ASCII without quotes (RFC 6266).
    'Content-Disposition': `attachment; filename="${file.replaceAll(/[^\w.-]/g, '_')}"`,
    ETag: `"${digest}"`,
  };
}
