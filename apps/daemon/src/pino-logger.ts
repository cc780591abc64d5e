import { hideApiKeys } from '@kb-labs/contracts';
import type { Logger } from '@kb-labs/ports';
import { pino, stdTimeFunctions } from 'pino';

import type { EngineLogLevel } from './line-logger.js';
import type { LogOutput } from './log-output.js';

/** The log of a service, a JSON object a line: `time` (ISO 8601), `level`, `pid`, `message` and fields. Keys that have got into it lose their secret. */
export function pinoLogger(level: EngineLogLevel, output: Pick<LogOutput, 'write'>): Logger {
  const log = pino(
    {
      level,
      base: { pid: process.pid },
      timestamp: stdTimeFunctions.isoTime,
      messageKey: 'message',
      formatters: { level: (label) => ({ level: label }) },
    },
    { write: (line) => output.write(hideApiKeys(line)) },
  );
  return {
    debug: (message, fields) => {
      log.debug(fields, message);
    },
    info: (message, fields) => {
      log.info(fields, message);
    },
    warn: (message, fields) => {
      log.warn(fields, message);
    },
    error: (message, fields) => {
      log.error(fields, message);
    },
  };
}
