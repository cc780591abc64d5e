import { readFileSync, writeSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import { digestSource } from './digest-source.js';
import { pushRelease } from './push-release.js';
import { ReleaseFailure } from './release-failure.js';
import type { ReleaseReport, ReleaseRequest, ReleaseResult } from './requests.js';
import { rollbackRelease } from './rollback-release.js';
import { findSource, scanSource } from './scan-source.js';

/**
 * This file is also a program: what it does to folders outside the workspace is done by a process that the step has to be
 * allowed to start, and that ends with the step. A request on standard input, reports on standard output.
 */
export const RELEASE_PROGRAM = fileURLToPath(import.meta.url);

if (process.argv[1] === RELEASE_PROGRAM) await main();

async function main(): Promise<void> {
  try {
    const request = JSON.parse(readFileSync(0, 'utf8')) as ReleaseRequest;
    tell({ kind: 'done', ...(await answer(request)) });
  } catch (error) {
    tell({ kind: 'failed', ...refusalOf(error) });
    process.exitCode = 1;
  }
}

function answer(request: ReleaseRequest): Promise<ReleaseResult> {
  switch (request.act) {
    case 'scan':
      return scan(request.workspace, request.source, request.want);
    case 'push':
      return pushRelease(request, tell);
    case 'rollback':
      return rollbackRelease(request);
  }
}

async function scan(workspace: string, source: string, want: 'contents' | 'names'): Promise<ReleaseResult> {
  const root = await findSource(workspace, source);
  const entries = await scanSource(root);
  const none = { release: '', previous: null, changed: true, repeated: false };
  if (want === 'contents') return { ...none, ...(await digestSource(root, entries)) };
  let [files, bytes] = [0, 0];
  for (const entry of entries) {
    tell({ kind: 'entry', entry });
    if (entry.kind !== 'folder') files += 1;
    if (entry.kind === 'file') bytes += entry.bytes;
  }
  return { ...none, digest: '', files, bytes };
}

function refusalOf(error: unknown): ReleaseFailure['refusal'] {
  if (error instanceof ReleaseFailure) return error.refusal;
  return { code: 'DEPLOY_FAILED', message: error instanceof Error ? error.message : String(error), later: true };
}

/** At once, so that nothing told is lost when the process is ended. */
function tell(report: ReleaseReport): void {
  const line = Buffer.from(`${JSON.stringify(report)}\n`);
  for (let at = 0; at < line.length; ) {
    try {
      at += writeSync(1, line, at);
    } catch (error) {
      // A pipe that is full for now: Node has set it to non-blocking.
      if (!(error instanceof Error && 'code' in error && error.code === 'EAGAIN')) throw error;
    }
  }
}
