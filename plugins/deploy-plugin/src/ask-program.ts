import { FatalError, type PluginContext } from '@kb-labs/sdk';

import { RELEASE_PROGRAM } from './release/program.js';
import type { Refusal, ReleaseReport, ReleaseRequest, ReleaseResult, SourceEntry } from './release/requests.js';

export interface ProgramTalk {
  readonly onEntry?: (entry: SourceEntry) => void;
  /** The release is current; whether it works is answered where the request says. */
  readonly onCheck?: (release: string, folder: string) => void;
}

/** Has the release program do something, as a program of the step: the permission for it is `shell: [node]`. */
export async function askProgram(ctx: Pick<PluginContext, 'exec' | 'log' | 'progress'>, request: ReleaseRequest, talk: ProgramTalk = {}): Promise<ReleaseResult> {
  let last: ReleaseReport | undefined;
  const complaints: string[] = [];
  const { exitCode } = await ctx.exec('node', [RELEASE_PROGRAM], {
    input: JSON.stringify(request),
    onLine: (line, stream) => {
      if (stream === 'stderr') {
        if (complaints.length < 20) complaints.push(line);
        return;
      }
      last = JSON.parse(line) as ReleaseReport;
      hear(ctx, last, talk);
    },
  });
  if (last?.kind === 'done') return last;
  if (last?.kind === 'failed') throw toError(last);
  const words = complaints.join('\n').slice(-2_000) || 'it gave no reason';
  throw Object.assign(new Error(`the release program ended with exit code ${String(exitCode)}: ${words}`), { code: 'DEPLOY_FAILED' });
}

/** A failure of the step: fatal, unless another try can succeed. */
export function toError({ code, message, hint, later }: Refusal): Error {
  if (!later) return new FatalError(message, { code, ...(hint === undefined ? {} : { hint }) });
  return Object.assign(new Error(message), { code, ...(hint === undefined ? {} : { hint }) });
}

function hear({ log, progress }: Pick<PluginContext, 'log' | 'progress'>, report: ReleaseReport, talk: ProgramTalk): void {
  switch (report.kind) {
    case 'entry':
      talk.onEntry?.(report.entry);
      return;
    case 'copied':
      progress(report.fraction, 'copying');
      return;
    case 'check':
      talk.onCheck?.(report.release, report.folder);
      return;
    case 'note':
      log.warn(report.text);
      return;
    case 'done':
    case 'failed':
      return;
  }
}
