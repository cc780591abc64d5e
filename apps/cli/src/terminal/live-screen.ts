import type { Writable } from 'node:stream';

const HIDE_CURSOR = '\u001b[?25l';
const SHOW_CURSOR = '\u001b[?25h';
/** Terminals that know it show a frame at once (https://gist.github.com/christianparpart/d8a62cc1ab659194337d73e399004036). */
const BEGIN_FRAME = '\u001b[?2026h';
const END_FRAME = '\u001b[?2026l';
const CLEAR_BELOW = '\u001b[0J';
const CLEAR_TO_END = '\u001b[K';
const LEAST_MS_BETWEEN_FRAMES = 100;

export interface LiveScreen {
  /** Asks for a frame soon: at most ten a second are drawn, and only those that differ from the one before. */
  refresh(): void;
  /** Takes the drawn lines away and gives the cursor back; `refresh` starts anew. */
  clear(): void;
  /** `clear`, for good. */
  close(): void;
}

/**
 * Redraws lines in place. `render` gives lines that fit the width of the terminal and are fewer than its rows.
 * The cursor is given back when the process exits, however it does.
 */
export function openLiveScreen(stream: Writable, render: () => readonly string[], now: () => number): LiveScreen {
  let drawn: readonly string[] = [];
  let lastFrameAt = Number.NEGATIVE_INFINITY;
  let timer: NodeJS.Timeout | undefined;
  let closed = false;
  let hidden = false;

  const showCursor = (): void => {
    if (hidden) stream.write(SHOW_CURSOR);
    hidden = false;
  };
  process.once('exit', showCursor);

  const draw = (): void => {
    timer = undefined;
    lastFrameAt = now();
    const lines = render();
    if (lines.length === drawn.length && lines.every((line, index) => line === drawn[index])) return;
    stream.write(frame(drawn.length, lines, hidden ? '' : HIDE_CURSOR));
    hidden = true;
    drawn = lines;
  };
  const clear = (): void => {
    clearTimeout(timer);
    timer = undefined;
    if (drawn.length > 0) stream.write(`\r\u001b[${String(drawn.length)}A${CLEAR_BELOW}`);
    drawn = [];
    showCursor();
  };
  return {
    refresh: () => {
      if (closed || timer !== undefined) return;
      timer = setTimeout(draw, Math.max(0, LEAST_MS_BETWEEN_FRAMES - (now() - lastFrameAt)));
    },
    clear,
    close: () => {
      clear();
      closed = true;
      process.off('exit', showCursor);
    },
  };
}

function frame(before: number, lines: readonly string[], lead: string): string {
  const up = before === 0 ? '' : `\r\u001b[${String(before)}A`;
  const body = lines.map((line) => `${line}${CLEAR_TO_END}\n`).join('');
  return `${BEGIN_FRAME}${lead}${up}${body}${CLEAR_BELOW}${END_FRAME}`;
}
