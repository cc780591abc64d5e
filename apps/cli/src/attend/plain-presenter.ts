import type { RunView } from '@kb-labs/contracts';

import { renderLogLine } from '../render/log-line.js';
import { runChanges } from '../render/run-changes.js';
import { renderRunSummary } from '../render/run-summary.js';
import type { Terminal } from '../terminal/terminal.js';
import { LogTails } from './log-tails.js';
import type { Presenter } from './presenter.js';

export const TAIL = 20;

/** A run as lines with times: for files, pipes and terminals that cannot be redrawn. */
export function plainPresenter(terminal: Terminal): Presenter {
  const { style } = terminal;
  const tails = new LogTails(TAIL);
  let shown: RunView | undefined;
  const stamp = (at: string): string => style.dim(at);
  return {
    wantsLog: true,
    view: (run) => {
      terminal.print(runChanges(shown, run, { style, now: terminal.now() }).map(({ at, scope, text }) => `${stamp(at)} ${scope} ${text}`));
      shown = run;
    },
    line: (line) => {
      tails.add(line);
      terminal.print(`${stamp(new Date(line.at).toISOString())} ${renderLogLine(line, style)}`);
    },
    note: (text) => {
      terminal.note(text);
    },
    pause: () => undefined,
    resume: () => undefined,
    end: (run) => {
      if (run !== undefined) terminal.print(['', ...renderRunSummary(run, { style, tail: (job, step) => tails.of(job, step) })]);
    },
  };
}
