import type { CommandHandler } from '../command-context.js';
import { parseJson } from '../input/parse-json.js';
import { tellUnserved } from './tell-unserved.js';

export const execute: CommandHandler<'workflow:callback'> = async (context, args) => {
  const { terminal } = context;
  const payload = args.data === undefined ? {} : parseJson('--data', args.data);
  const desk = await context.desk();
  const { runId } = await desk.callBack({ token: tokenOf(args.rest[0]), payload });
  if (context.json) {
    terminal.printJson({ runId });
    return undefined;
  }
  terminal.print(`${terminal.style.green('✓')} called back ${terminal.style.dim(runId)}`);
  await tellUnserved(context, desk, [runId]);
  return undefined;
};

/** Whatever host the address names: the token says which run is meant. */
function tokenOf(address: string): string {
  return address.trim().replace(/\/+$/, '').split('/').at(-1) ?? '';
}
