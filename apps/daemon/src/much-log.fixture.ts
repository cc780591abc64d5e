/** A process that logs more to its standard output than a pipe holds, and ends. */
import { logOutput } from './log-output.js';
import { pinoLogger } from './pino-logger.js';

const output = logOutput(1);
const logger = pinoLogger('info', output);
for (let line = 0; line < 2_000; line += 1) logger.info('x'.repeat(1_000));
await output.close();
process.exit(7);
