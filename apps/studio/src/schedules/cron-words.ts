import cronstrue from 'cronstrue';

/** A cron expression as a sentence; `undefined` for what is none. */
export function cronWords(cron: string): string | undefined {
  try {
    return cronstrue.toString(cron, { use24HourTimeFormat: true, verbose: false });
  } catch {
    return undefined;
  }
}
