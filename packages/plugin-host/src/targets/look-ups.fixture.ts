/** Calls a handler in this process three times, and prints how often a module was looked for since it was called first. */
import { openBench } from './conformance.fixture.js';

const bench = openBench();
const counts: unknown[] = [];
for (let calls = 0; calls < 3; calls += 1) counts.push((await bench.run('in-process', 'countsLookUps')).outcome.outputs['lookUps']);
await bench.close();
process.stdout.write(JSON.stringify(counts));
