import type { ProcFiles } from './proc-files.js';

/** A `/proc` of processes that there are not. Counts what it is asked for. */
export class FakeSystem implements ProcFiles {
  readonly asked: string[] = [];
  /** By id; a process that nothing is said of has an environment that tells nothing. */
  readonly environments = new Map<number, string>();
  readonly ending = new Set<number>();
  ids: readonly number[];
  /** The id given out last; `undefined` where a kernel does not tell. */
  newest: number | undefined;

  constructor(ids: readonly number[], newest: number | undefined) {
    this.ids = ids;
    this.newest = newest;
  }

  names = (): readonly string[] => {
    this.asked.push('');
    return ['self', ...this.ids.map(String)];
  };

  read = (path: string): string | undefined => {
    this.asked.push(path);
    if (path === 'sys/kernel/ns_last_pid') return this.newest === undefined ? undefined : `${String(this.newest)}\n`;
    if (path === 'loadavg') return '0.00 0.00 0.00 0/0 0\n';
    const [name = '', file] = path.split('/');
    const id = Number(name);
    if (!this.ids.includes(id)) return undefined;
    return file === 'stat' ? `${name} (x) S 1 ${name} ${name} 0 -1 ${this.ending.has(id) ? '4194564' : '4194560'}${' 0'.repeat(43)}` : (this.environments.get(id) ?? 'A=b\0');
  };
}
