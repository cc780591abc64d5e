import type { RunView } from '@kb-labs/contracts';

import { renderLogLine } from '../render/log-line.js';
import { runChanges } from '../render/run-changes.js';
import { renderRunSummary } from '../render/run-summary.js';
import type { Terminal } from '../terminal/terminal.js';
import { LogTails } from './log-tails.js';
import type { Presenter, PresenterOptions } from './presenter.js';
import { thinProgress } from './thin-progress.js';

export const TAIL = 20;

/** A run as lines with times: for files, pipes and terminals that cannot be redrawn. */
export function plainPresenter(terminal: Terminal, options: PresenterOptions = {}): Presenter {
  const { style } = terminal;
  const tails = new LogTails(TAIL);
  const isTold = thinProgress();
  let shown: RunView | undefined;
  let pauses = 0;
  const held: string[] = [];
  const print = (lines: readonly string[]): void => {
    if (pauses > 0) held.push(...lines);
    else terminal.print(lines);
  };
  const stamp = (at: string): string => style.dim(at);
  return {
    wantsLog: true,
    view: (run) => {
      print(runChanges(shown, run, { ...options, style, now: terminal.now() }).map(({ at, scope, text }) => `${stamp(at)} ${scope} ${text}`));
      shown = run;
    },
    line: (line) => {
      if (!isTold(line)) return;
      tails.add(line);
      print([`${stamp(new Date(line.at).toISOString())} ${renderLogLine(line, style)}`]);
    },
    note: (text) => {
      terminal.note(text);
    },
    pause: () => {
      pauses += 1;
    },
    resume: () => {
      pauses -= 1;
      if (pauses === 0) terminal.print(held.splice(0));
    },
    end: (run) => {
      if (run !== undefined) terminal.print(['', ...renderRunSummary(run, { style, tail: (job, step) => tails.of(job, step) })]);
    },
  };
}
