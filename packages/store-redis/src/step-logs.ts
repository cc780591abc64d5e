import type { LogLine, RunId } from '@kb-labs/contracts';
import { AppError } from '@kb-labs/errors';
import type { Fence, LogPage, LogQuery, StepLogs } from '@kb-labs/ports';

import type { ChangeWatch } from './change-watch.js';
import type { Keys } from './keys.js';
import type { Link } from './link.js';
import { APPEND_LINES, READ_LINES } from './lua/log-scripts.js';

/** How many lines one call of the server looks at, so that a search through a long log lets others pass in between. */
const LOOK = 10_000;

export class RedisStepLogs implements StepLogs {
  readonly #link: Link;
  readonly #keys: Keys;
  readonly #watch: ChangeWatch;

  constructor(link: Link, keys: Keys, watch: ChangeWatch) {
    this.#link = link;
    this.#keys = keys;
    this.#watch = watch;
  }

  append(runId: RunId, fence: Fence, lines: readonly LogLine[]): Promise<boolean> {
    return this.#link.operate(async () => {
      const { run, tickets, lines: list, steps } = this.#keys.of(runId);
      const rows = lines.flatMap((line) => [nameOf(line.job, line.step), line.n, Buffer.byteLength(line.text) + 1, `${String(line.at)} ${writeLine(line)}`]);
      const args = [fence.ticket, fence.token, this.#keys.channels.logs(runId), ...rows];
      const reply = (await this.#link.run(APPEND_LINES, [run, tickets, list, steps], args)) as ['ok' | 'fenced'] | ['gap', number, number];
      if (reply[0] === 'gap') throw outOfOrder(lines[reply[1]], reply[2]);
      return reply[0] === 'ok';
    });
  }

  lastLine(runId: RunId, job: string, step: string): Promise<number> {
    return this.#link.operate(async () => {
      const known = (await this.#link.call('HGET', this.#keys.of(runId).steps, nameOf(job, step))) as string | null;
      return known === null ? 0 : Number(known.split(':')[1]);
    });
  }

  read(runId: RunId, query: LogQuery): Promise<LogPage> {
    return this.#link.operate(() => this.#read(runId, query));
  }

  watch(runId: RunId, onChange: () => void): () => void {
    return this.#watch.watchLogs(runId, onChange);
  }

  /** One page. At the end of the log the cursor is past everything looked at, also what the filters left out. */
  async #read(runId: RunId, query: LogQuery): Promise<LogPage> {
    const { lines: list, steps } = this.#keys.of(runId);
    const start = query.after ?? 0;
    const limit = Math.max(query.limit, 0);
    const found: { cursor: number; text: string }[] = [];
    let cursor = start;
    let total = 0;
    do {
      const args = [cursor, limit + 1 - found.length, LOOK, query.since ?? '', toFilter(query.job), toFilter(query.step)];
      const reply = (await this.#link.run(READ_LINES, [list, steps], args)) as [number, number, (number | string)[]];
      [cursor, total] = reply;
      for (let index = 0; index < reply[2].length; index += 2) found.push({ cursor: Number(reply[2][index]), text: String(reply[2][index + 1]) });
    } while (found.length <= limit && cursor < total);
    const more = found.length > limit;
    const page = more ? found.slice(0, limit) : found;
    return { lines: page.map(({ text }) => parseLine(runId, text)), cursor: more ? (page.at(-1)?.cursor ?? start) : Math.max(total, start), more };
  }
}

/** Empty for none: a name can be empty as well. */
function toFilter(name: string | undefined): string {
  return name === undefined ? '' : `=${name}`;
}

/** The name of a step's stream; well formed, because a script reads it. */
function nameOf(job: string, step: string): string {
  return JSON.stringify([job.toWellFormed(), step.toWellFormed()]);
}

/** Half of a surrogate pair is replaced, as it is wherever text becomes UTF-8. */
function writeLine(line: LogLine): string {
  return JSON.stringify(line.text.isWellFormed() ? line : { ...line, text: line.text.toWellFormed() });
}

function parseLine(runId: RunId, text: string): LogLine {
  try {
    return JSON.parse(text) as LogLine;
  } catch {
    throw new AppError('STATE_CORRUPT', { problem: `a log line of ${runId} cannot be read` });
  }
}

function outOfOrder(line: LogLine | undefined, last: number): AppError {
  const place = `${line?.job ?? ''}.${line?.step ?? ''}`;
  return new AppError('STATE_CORRUPT', { problem: `line ${String(line?.n)} of ${place} cannot follow line ${String(last)}` });
}
