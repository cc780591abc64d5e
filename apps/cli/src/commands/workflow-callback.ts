import { callBack } from '@kb-labs/engine';

import type { CommandHandler } from '../command-context.js';
import { parseJson } from '../input/parse-json.js';
import { userName } from '../project/user-name.js';
import { tellUnserved } from './tell-unserved.js';

export const execute: CommandHandler<'workflow:callback'> = async (context, args) => {
  const { terminal } = context;
  const payload = args.data === undefined ? {} : parseJson('--data', args.data);
  const engine = await context.engine();
  const { id } = await callBack(engine.deps, { token: tokenOf(args.rest[0] ?? ''), payload, by: userName() });
  if (context.json) {
    terminal.printJson({ runId: id });
    return undefined;
  }
  terminal.print(`${terminal.style.green('✓')} called back ${terminal.style.dim(id)}`);
  await tellUnserved(context, engine, [id]);
  return undefined;
};

/** Whatever host the address names: the token says which run is meant. */
function tokenOf(address: string): string {
  return address.trim().replace(/\/+$/, '').split('/').at(-1) ?? '';
}
