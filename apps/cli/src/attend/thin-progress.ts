import type { LogLine } from '@kb-labs/contracts';

const POINTS = 10;
const PAUSE_MS = 5_000;

/** What the engine writes for `ctx.progress`: "40 %", and a note if there is one. */
const PROGRESS = /^(\d{1,3}) %(?: |$)/;

interface Told {
  readonly percent: number;
  readonly at: number;
}

/**
 * Where lines cannot be redrawn, not every percent of a step is told: its first and its last, and between them one for every
 * ten percent or five seconds. A step that begins again is told from its first on. Answers whether a line is to be shown; the log
 * itself has all of them.
 */
export function thinProgress(): (line: LogLine) => boolean {
  const told = new Map<string, Told>();
  return (line) => {
    const percent = percentOf(line);
    if (percent === undefined) return true;
    const step = `${line.job}/${line.step}`;
    const last = told.get(step);
    const next = last === undefined || percent < last.percent || percent >= last.percent + POINTS || line.at >= last.at + PAUSE_MS;
    if (!next && (percent < 100 || last.percent === 100)) return false;
    told.set(step, { percent, at: line.at });
    return true;
  };
}

function percentOf({ stream, level, text }: LogLine): number | undefined {
  const written = stream === 'engine' && level === 'debug' ? PROGRESS.exec(text)?.[1] : undefined;
  return written === undefined ? undefined : Number(written);
}
