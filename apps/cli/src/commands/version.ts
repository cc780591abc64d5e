import type { CommandHandler } from '../command-context.js';
import { ownVersion } from '../project/own-version.js';

export const execute: CommandHandler<'version'> = async ({ terminal, json }) => {
  const version = await ownVersion();
  if (json) terminal.printJson({ version, node: process.versions.node });
  else terminal.print(`kb ${version}`);
  return undefined;
};
