import { completionScript, isShell } from '../complete/scripts.js';
import type { CommandHandler } from '../command-context.js';

export const execute: CommandHandler<'completion'> = ({ terminal, json }, args) => {
  const [shell] = args.rest;
  // The table of commands lists exactly these shells.
  const script = isShell(shell) ? completionScript(shell) : '';
  if (json) terminal.printJson({ shell, script });
  else terminal.host.stdout.write(script);
  return Promise.resolve(undefined);
};
