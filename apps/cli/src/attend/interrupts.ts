import { EXIT_CODES } from '@kb-labs/errors';

import { askYesNo, type Question } from '../terminal/ask.js';
import type { Terminal } from '../terminal/terminal.js';
import type { Presenter } from './presenter.js';

export interface InterruptOptions {
  readonly terminal: Terminal;
  readonly presenter: Presenter;
  /** What Ctrl-C means: cancel the run, or leave it as it is. */
  readonly means: 'cancel' | 'leave';
  /** Called once, and once more for those who insist. */
  readonly cancel: () => void;
  readonly leave: () => void;
}

/**
 * Hears Ctrl-C, SIGTERM and SIGHUP until the returned function is called.
 * Ctrl-C asks first where a person can answer, and again means yes. The end of a terminal or a polite kill never cancels:
 * the run is left as it is. Someone who goes on interrupting gets out at once.
 */
export function hearInterrupts({ terminal, presenter, means, cancel, leave }: InterruptOptions): () => void {
  let question: Question<boolean> | undefined;
  let cancels = 0;
  let leaving = false;

  const leaveOnce = (): void => {
    if (leaving) process.exit(EXIT_CODES.interrupted);
    leaving = true;
    question?.settle(false);
    leave();
  };
  const cancelOnce = (): void => {
    cancels += 1;
    if (cancels > 2) process.exit(EXIT_CODES.interrupted);
    presenter.note(cancels === 1 ? 'cancelling the run …' : 'stopping what cleans up …');
    cancel();
  };
  const ask = async (): Promise<void> => {
    presenter.pause();
    question = askYesNo(terminal, 'Cancel this run?');
    const yes = await question.answer;
    question = undefined;
    presenter.resume();
    if (yes) cancelOnce();
  };
  const onInterrupt = (): void => {
    if (means === 'leave') leaveOnce();
    else if (question !== undefined) question.settle(true);
    else if (cancels === 0 && terminal.canAsk()) void ask();
    else cancelOnce();
  };
  process.on('SIGINT', onInterrupt);
  process.on('SIGTERM', leaveOnce);
  process.on('SIGHUP', leaveOnce);
  return () => {
    question?.settle(false);
    process.off('SIGINT', onInterrupt);
    process.off('SIGTERM', leaveOnce);
    process.off('SIGHUP', leaveOnce);
  };
}
