import { readySpawner } from './ready-spawner.fixture.js';
import { Spawner } from './spawner.js';
import { startProcess } from './start-process.js';

const [, , script = ''] = process.argv;

/** A process of its own with a spawner, which runs one script by it and says the id of the spawner. */
const spawner = new Spawner(process.env);
const { pid } = await readySpawner(spawner);
process.stdout.write(`${String(pid)}\n`);
const { ended } = startProcess({
  program: 'sh',
  args: ['-c', script],
  cwd: '/',
  env: { PATH: process.env['PATH'] ?? '' },
  signal: new AbortController().signal,
  killGraceMs: 100,
  onStdout: (chunk) => void process.stdout.write(chunk),
  onStderr: (chunk) => void process.stderr.write(chunk),
  spawner,
});
await ended;
