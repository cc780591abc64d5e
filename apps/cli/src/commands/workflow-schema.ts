import { workflowJsonSchema } from '@kb-labs/manifest';

import type { CommandHandler } from '../command-context.js';

/** Readable without `--json` too: it is meant for a file. */
export const execute: CommandHandler<'workflow:schema'> = ({ terminal, json }) => {
  const schema = workflowJsonSchema();
  if (json) terminal.printJson(schema);
  else terminal.print(JSON.stringify(schema, null, 2));
  return Promise.resolve(undefined);
};
