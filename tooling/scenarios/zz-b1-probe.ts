import { statSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
const [dir = '', runs = '500'] = process.argv.slice(2);
let on = false;
const commits: number[] = [];
const frames: number[] = [];
let nRead = 0, tRead = 0, nWrite = 0, tWrite = 0;
const perSql = new Map<string, [number, number]>();
const orig = DatabaseSync.prototype.prepare;
DatabaseSync.prototype.prepare = function (this: DatabaseSync, sql: string) {
  const st = orig.call(this, sql) as any;
  for (const m of ['run', 'get', 'all']) {
    const f = st[m].bind(st);
    st[m] = (...a: unknown[]) => {
      if (!on) return f(...a);
      const t = performance.now();
      try { return f(...a); } finally {
        const d = performance.now() - t;
        if (sql === 'COMMIT') { commits.push(d); }
        const e = perSql.get(sql) ?? [0, 0]; e[0]++; e[1] += d; perSql.set(sql, e);
      }
    };
  }
  return st;
} as any;
const { carryOut, NOTHING, openMeasuredEngine } = await import('./open-measured-engine.js');
const text = `
id: steps
jobs:
  one: { steps: [{ uses: "${NOTHING}" }, { uses: "${NOTHING}" }, { uses: "${NOTHING}" }] }
`;
const { deps, close } = await openMeasuredEngine({ dir, workflows: [text], concurrency: 50 });
for (let i = 0; i < 1000; i++) await carryOut(deps, 'steps');
const db = new DatabaseSync(join(dir, 'state/state.db'));
on = true;
const cpu = process.cpuUsage();
const b = performance.now();
for (let i = 0; i < Number(runs); i++) await carryOut(deps, 'steps');
const total = performance.now() - b;
const c = process.cpuUsage(cpu);
on = false;
const s = commits.toSorted((x, y) => x - y);
console.log('per run ms', total / Number(runs), 'cpu', (c.user + c.system) / 1000 / Number(runs), 'user', c.user / 1000 / Number(runs), 'commits/run', commits.length / Number(runs), 'commit median', s[s.length >> 1], 'mean', commits.reduce((x, y) => x + y, 0) / commits.length, 'max', s.at(-1));
const big = commits.filter((x) => x > 2);
console.log('commits > 2ms', big.length, 'sum per run', big.reduce((x, y) => x + y, 0) / Number(runs));
for (const [sql, [n, t]] of [...perSql].sort((x, y) => y[1][1] - x[1][1]).slice(0, 30)) console.log((t / Number(runs)).toFixed(4), 'ms/run', (n / Number(runs)).toFixed(1), sql.replace(/\s+/g, ' ').slice(0, 110));
// frames by commit: last run seen in WAL
await close();
