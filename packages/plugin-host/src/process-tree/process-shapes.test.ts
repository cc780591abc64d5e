import { spawn } from 'node:child_process';
import { copyFileSync, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { temporaryFolder } from '../step-call.fixture.js';
import { alive, processesIn, STAY } from './live-processes.fixture.js';
import { type ProcessEnd, startProcess } from './start-process.js';

interface Shape {
  readonly name: string;
  /** A script of bash that starts `count` processes which say so in `$PIDS`. */
  readonly script: string;
  readonly count: number;
  /** Whether its processes end at TERM. The others take the time until KILL. */
  readonly obeys?: true;
  /** Whether its processes can only be found by their parent, while that is there. */
  readonly byParent?: true;
}

const NODE = `'${process.execPath}'`;
const SAY = 'require("fs").appendFileSync(process.env.PIDS, process.pid + "\\n")';

/** All of them stay for good, unless they are ended. */
const SHAPES: readonly Shape[] = [
  { name: 'a child in the foreground', script: '(stay)', count: 1, obeys: true },
  { name: 'a script that traps TERM', script: 'trap "" TERM; echo $$ >> "$PIDS"; while :; do sleep 0.05; done', count: 1 },
  { name: 'a child that inherits that TERM is ignored', script: 'trap "" TERM; (stay) & wait', count: 1 },
  { name: 'children in the background', script: '(stay) & (stay) & (stay) & wait', count: 3, obeys: true },
  { name: 'a pipeline', script: '(stay) | cat | cat', count: 1, obeys: true },
  { name: 'a session of its own', script: 'export PIDS; setsid sh -c \'echo $$ >> "$PIDS"; sleep 1000\' & wait', count: 1, obeys: true },
  { name: 'a double fork', script: '( (stay) & ); echo $$ >> "$PIDS"; sleep 1000', count: 2, obeys: true },
  { name: 'a double fork into another session', script: '( setsid sh -c \'sh -c "echo \\$\\$ >> $PIDS; exec sleep 1000" & exit\' ); echo $$ >> "$PIDS"; sleep 1000', count: 2, obeys: true },
  { name: 'a child behind nohup', script: 'nohup sh -c \'echo $$ >> "$PIDS"; exec sleep 1000\' >/dev/null 2>&1 & wait', count: 1, obeys: true },
  { name: 'a session of its own that traps TERM and has closed its output', script: 'setsid sh -c \'trap "" TERM HUP INT; echo $$ >> "$PIDS"; exec >&- 2>&- <&-; while :; do sleep 0.05; done\' & wait', count: 1 },
  { name: 'job control, which gives each child its group', script: 'set -m; (stay) & (stay) & wait', count: 2, obeys: true },
  { name: 'a stopped child', script: '(stay) & child=$!; while ! [ -s "$PIDS" ]; do sleep 0.01; done; kill -STOP $child; wait', count: 1 },
  { name: 'a child of Node', script: `exec ${NODE} -e '${SAY}; require("child_process").spawn("sh", ["-c", "echo $$ >> \\"$PIDS\\"; exec sleep 1000"])'`, count: 2, obeys: true },
  {
    name: 'a detached child of Node that ignores TERM',
    script: `exec ${NODE} -e 'const c = require("child_process").spawn(process.execPath, ["-e", ${JSON.stringify(`process.on("SIGTERM", () => {}); ${SAY}; setInterval(() => {}, 1e6)`)}], { detached: true, stdio: "ignore" }); c.unref(); setInterval(() => {}, 1e6)'`,
    count: 1,
  },
  { name: 'a child with an empty environment in a session of its own', script: 'env -i PIDS="$PIDS" PATH="$PATH" setsid sh -c \'echo $$ >> "$PIDS"; sleep 1000\' & wait', count: 1, obeys: true, byParent: true },
  { name: 'a program with a misleading name', script: './"a) Z 1 (b" 1000 & echo $! >> "$PIDS"; setsid ./"a) Z 1 (b" 1000 & echo $! >> "$PIDS"; wait', count: 2, obeys: true },
  { name: 'one that starts ever more of itself', script: 'setsid sh -c \'trap "" TERM; while :; do sleep 1000 & echo $! >> "$PIDS"; sleep 0.02; done\' & wait', count: 5 },
  { name: 'many', script: 'for i in $(seq 40); do (stay) & setsid sh -c \'echo $$ >> "$PIDS"; exec sleep 1000\' & done; wait', count: 80, obeys: true },
];

const isLinux = process.platform === 'linux';

describe.skipIf(!isLinux)('a program that is aborted', () => {
  it.each(SHAPES)('takes along: $name', async ({ script, count, obeys }) => {
    using place = workPlace();
    const controller = new AbortController();
    const { ended } = place.start(script, { signal: controller.signal, killGraceMs: obeys === true ? 5_000 : 100 });
    await processesIn(place.pids, count);
    expect(alive(await processesIn(place.pids, count)).length).toBeGreaterThanOrEqual(count);

    controller.abort();
    expect(await ended).toMatchObject({ kind: 'exited', aborted: true, survivors: [] });
    expect(alive(await processesIn(place.pids, count))).toEqual([]);
  });
});

describe.skipIf(!isLinux)('the check of these tests', () => {
  it('sees what a signal to the group alone leaves behind', async () => {
    using place = workPlace();
    const outside = SHAPES.filter(({ name }) => name.startsWith('a session of its own') || name.startsWith('job control'));
    let started = 0;
    for (const { script, count } of outside) {
      const env = { PATH: process.env['PATH'] ?? '', PIDS: place.pids };
      const child = spawn('bash', ['--norc', '-c', `${STAY}\n${script}`], { detached: true, stdio: 'ignore', env, cwd: place.folder });
      const exited = new Promise((resolve) => child.once('exit', resolve));
      await processesIn(place.pids, (started += count));
      process.kill(-(child.pid ?? 0), 'SIGKILL');
      await exited;
    }
    expect(alive(await processesIn(place.pids, started)).length).toBeGreaterThanOrEqual(outside.length);
  });
});

describe.skipIf(!isLinux)('a program that ends by itself', () => {
  /** The same processes, but the script does not wait for them. */
  const left = SHAPES.filter(({ script, byParent }) => script.endsWith('& wait') && byParent !== true).map((shape) => ({ ...shape, script: shape.script.replace(/& wait$/, '&') }));

  it.each(left)('leaves nothing behind: $name', async ({ script, count }) => {
    using place = workPlace();
    const waiting = `: >> "$PIDS"; ${script} while [ "$(wc -l < "$PIDS")" -lt ${String(count)} ]; do sleep 0.01; done; exit 5`;
    const end = await place.start(waiting, { killGraceMs: 50 }).ended;
    expect(end).toMatchObject({ kind: 'exited', exitCode: 5, aborted: false, survivors: [] });
    expect(end.kind === 'exited' && end.leftovers).toBeGreaterThanOrEqual(1);
    expect(alive(await processesIn(place.pids, count))).toEqual([]);
  });

  it('has nothing ended that is not its own', async () => {
    using place = workPlace();
    const controller = new AbortController();
    const other = place.start('(stay)', { signal: controller.signal });
    const [pid = 0] = await processesIn(place.pids, 1);
    expect(await place.start('true', {}).ended).toMatchObject({ leftovers: 0 });
    expect(await place.start('(sleep 1000) &', {}).ended).toMatchObject({ leftovers: 1 });
    expect(alive([pid])).toEqual([pid]);
    controller.abort();
    await other.ended;
    expect(alive([pid])).toEqual([]);
  });

  it('does not wait for what has escaped and holds its output, and the check sees that it has', async () => {
    using place = workPlace();
    // Without environment, session and parent it cannot be told from a stranger: the known limit.
    const script = 'env -i setsid sh -c \'(exec sleep 1000) & echo $! >> "$0"\' "$PIDS"';
    const end = await place.start(script, { killGraceMs: 50 }).ended;
    const [pid = 0] = await processesIn(place.pids, 1);
    expect(end).toMatchObject({ kind: 'exited', exitCode: 0, leftovers: 0 });
    expect(alive([pid])).toEqual([pid]);
  });

  it.each(['', 'sleep 0.4;'])('lets those that still write to its output finish, after "%s" too', async (silence) => {
    using place = workPlace();
    const end = await place.start(`${silence} exec > >(sleep 0.1; sed s/^/got:/); echo a; echo b`, {}).ended;
    expect(place.output()).toBe('got:a\ngot:b\n');
    expect(end).toMatchObject({ exitCode: 0, leftovers: 0 });
  });
});

function workPlace() {
  const folder = temporaryFolder();
  const pids = join(folder.path, 'pids');
  copyFileSync('/bin/sleep', join(folder.path, 'a) Z 1 (b'));
  let output = '';
  return {
    folder: folder.path,
    pids,
    output: () => output,
    start: (script: string, { signal = new AbortController().signal, killGraceMs = 1_000 }: { signal?: AbortSignal; killGraceMs?: number }): { readonly ended: Promise<ProcessEnd> } =>
      startProcess({
        program: 'bash',
        args: ['--norc', '-c', `${STAY}\n${script}`],
        cwd: folder.path,
        env: { PATH: process.env['PATH'] ?? '', PIDS: pids },
        signal,
        killGraceMs,
        onStdout: (chunk) => void (output += chunk.toString('utf8')),
        onStderr: (chunk) => void process.stderr.write(chunk),
      }),
    // A test that has failed leaves nothing behind either.
    [Symbol.dispose]: () => {
      const started = existsSync(pids) ? readFileSync(pids, 'utf8').split('\n').filter(Boolean).map(Number) : [];
      for (const pid of alive(started)) for (const target of [-pid, pid]) kill(target);
      folder[Symbol.dispose]();
    },
  };
}

function kill(target: number): void {
  try {
    process.kill(target, 'SIGKILL');
  } catch {
    // It leads no group, or has gone with it.
  }
}
