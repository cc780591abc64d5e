import { isTerminalRun, type LogLine, type RunView } from '@kb-labs/contracts';

import { renderLogLine } from '../render/log-line.js';
import { renderRunSummary } from '../render/run-summary.js';
import { renderRunTree } from '../render/run-tree.js';
import { openLiveScreen } from '../terminal/live-screen.js';
import type { Terminal } from '../terminal/terminal.js';
import { truncate } from '../terminal/text-width.js';
import { LogTails } from './log-tails.js';
import { TAIL } from './plain-presenter.js';
import type { Presenter, PresenterOptions } from './presenter.js';
import { thinProgress } from './thin-progress.js';

const LOG_ROWS = 8;
const TICK_MS = 1_000;

/** A run as a tree that is redrawn in place, with the last lines of the log under it. */
export function livePresenter(terminal: Terminal, options: PresenterOptions = {}): Presenter {
  const { style } = terminal;
  const tails = new LogTails(TAIL);
  const stays = thinProgress();
  const recent: LogLine[] = [];
  const notes: string[] = [];
  let run: RunView | undefined;
  let pauses = 0;

  const frame = (): string[] => {
    if (run === undefined) return [];
    // One row stays free for the cursor, and the last column: a full line would wrap in some terminals.
    const columns = Math.max(10, terminal.columns() - 1);
    const rows = Math.max(4, terminal.rows() - 1);
    const below = [...notes.slice(-2), ...recent.slice(-Math.min(LOG_ROWS, Math.floor(rows / 3))).map((line) => renderLogLine(line, style))];
    const tree = renderRunTree(run, { ...options, now: terminal.now(), style, columns, rows: Math.max(2, rows - below.length) });
    return [...tree, ...below.map((line) => truncate(line, columns))].slice(0, rows);
  };
  const screen = openLiveScreen(terminal.host.stdout, frame, () => terminal.now());
  const refresh = (): void => {
    if (pauses === 0) screen.refresh();
  };
  const redraw = (): void => {
    screen.clear();
    refresh();
  };
  const ticking = setInterval(refresh, TICK_MS);
  terminal.host.stdout.on('resize', redraw);

  return {
    wantsLog: true,
    view: (next) => {
      run = next;
      refresh();
    },
    line: (line) => {
      if (stays(line)) tails.add(line);
      recent.push(line);
      if (recent.length > LOG_ROWS) recent.shift();
      refresh();
    },
    note: (text) => {
      notes.push(text);
      refresh();
    },
    pause: () => {
      pauses += 1;
      screen.clear();
    },
    resume: () => {
      pauses -= 1;
      refresh();
    },
    end: (last) => {
      clearInterval(ticking);
      terminal.host.stdout.off('resize', redraw);
      screen.close();
      const final = last ?? run;
      if (final !== undefined) terminal.print(renderRunTree(final, { now: terminal.now(), style, columns: terminal.columns() }));
      if (last !== undefined && isTerminalRun(last.status)) terminal.print(['', ...renderRunSummary(last, { style, tail: (job, step) => tails.of(job, step) })]);
    },
  };
}
