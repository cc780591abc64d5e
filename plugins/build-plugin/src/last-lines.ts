const LINES = 120;
const LINE_LENGTH = 1_000;

/** The end of what a program says, for the message about its failure. */
export class LastLines {
  readonly #lines: string[] = [];

  add(line: string): void {
    this.#lines.push(line.slice(0, LINE_LENGTH));
    if (this.#lines.length > LINES) this.#lines.shift();
  }

  lines(): string[] {
    return this.#lines.slice(-40);
  }

  /** The last lines that say something, as one text, without the usage that npm prints after its reason. */
  text(): string {
    const usage = this.#lines.indexOf('npm error Usage:');
    return shown(usage === -1 ? this.#lines : this.#lines.slice(0, usage));
  }

  /** The same without what a package manager adds about a script that failed. */
  ofScript(): string {
    let end = this.#lines.length;
    while (end > 0 && ADDED.test(this.#lines[end - 1] ?? '')) end -= 1;
    return shown(end === 0 ? this.#lines : this.#lines.slice(0, end));
  }
}

const ADDED = /^\s*$|^npm (?:error|ERR!)|^\s*(?:\[?ELIFECYCLE\]?|ERR_PNPM)|^error Command failed with exit code|^info Visit https:\/\/yarnpkg|^error: script ".*" exited/;

function shown(lines: readonly string[]): string {
  const said = lines.filter((line) => line.trim() !== '').slice(-20).join('\n').slice(-3_000);
  return said === '' ? 'it said nothing' : said;
}
