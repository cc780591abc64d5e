/** Ways in which a script can start processes. */
export interface Shape {
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
export const SHAPES: readonly Shape[] = [
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
  { name: 'one that starts ever more of itself', script: 'setsid sh -c \'trap "" TERM; for i in $(seq 500); do sleep 1000 & echo $! >> "$PIDS"; sleep 0.02; done\' & wait', count: 5 },
  { name: 'many', script: 'for i in $(seq 40); do (stay) & setsid sh -c \'echo $$ >> "$PIDS"; exec sleep 1000\' & done; wait', count: 80, obeys: true },
];

/** The same processes, of a script that does not wait for them. */
export const LEFT: readonly Shape[] = SHAPES.filter(({ script, byParent }) => script.endsWith('& wait') && byParent !== true).map((shape) => ({ ...shape, script: shape.script.replace(/& wait$/, '&') }));
