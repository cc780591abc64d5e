import type { CommandHandler } from '../command-context.js';

/** Readable without `--json` too: it is meant for a file. */
export const execute: CommandHandler<'workflow:schema'> = async ({ terminal, json }) => {
  const { workflowJsonSchema } = await import('@kb-labs/manifest');
  const schema = workflowJsonSchema();
  if (json) terminal.printJson(schema);
  else terminal.print(JSON.stringify(schema, null, 2));
  return undefined;
};
