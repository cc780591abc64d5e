import { hideApiKeys, type JsonValue } from '@kb-labs/contracts';
import type { Logger } from '@kb-labs/ports';

export const LOG_LEVELS = ['debug', 'info', 'warn', 'error', 'silent'] as const;
export type EngineLogLevel = (typeof LOG_LEVELS)[number];

/** The engine's log, one JSON object a line, without the keys that have got into it. `write` takes whole lines. */
export function lineLogger(level: EngineLogLevel, write: (line: string) => void, now: () => number): Logger {
  const from = LOG_LEVELS.indexOf(level);
  const at = (own: EngineLogLevel) => (message: string, fields?: Readonly<Record<string, JsonValue>>) => {
    if (LOG_LEVELS.indexOf(own) < from) return;
    write(`${hideApiKeys(JSON.stringify({ at: new Date(now()).toISOString(), level: own, message, ...fields }))}\n`);
  };
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}
