import type { RunDesk } from '../desk/run-desk.js';

/** `never` when this process cannot carry runs on, or a daemon does. */
export async function whoCarries<Otherwise>({ carriage }: RunDesk, otherwise: Otherwise): Promise<Otherwise | 'never'> {
  return carriage === undefined || (await carriage.hasDaemon()) ? 'never' : otherwise;
}
