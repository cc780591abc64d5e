import type { Terminal } from '../terminal/terminal.js';
import type { Presenter } from './presenter.js';

/** The run as one JSON value when it has ended, or with `lines` as one line for every change. */
export function jsonPresenter(terminal: Terminal, options: { lines: boolean }): Presenter {
  return {
    wantsLog: false,
    view: (run) => {
      if (options.lines) terminal.printJson(run);
    },
    line: () => undefined,
    note: (text) => {
      terminal.note(text);
    },
    pause: () => undefined,
    resume: () => undefined,
    end: (run) => {
      if (run !== undefined && !options.lines) terminal.printJson(run);
    },
  };
}
