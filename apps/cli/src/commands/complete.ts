import type { CommandContext, CommandHandler } from '../command-context.js';
import { completeWords, type Values } from '../complete/complete-words.js';
import { sanitizeText } from '../terminal/sanitize.js';

/** One candidate a line, with a tab before what it means. Nothing at all where something is wrong: a prompt is no place for errors. */
export const execute: CommandHandler<'__complete'> = async (context, args) => {
  const candidates = await completeWords(args.rest, valuesOf(context)).catch(() => []);
  context.terminal.print(candidates.map(({ value, about }) => (about === '' ? value : `${value}\t${sanitizeText(about)}`)));
  return undefined;
};

const RUNS = 50;

function valuesOf(context: CommandContext): Values {
  return {
    workflows: async () => {
      const library = await context.library();
      return (await library.check()).workflows.map(({ id, name }) => ({ value: id, about: name === id ? '' : name }));
    },
    runs: async () => {
      const desk = await context.desk();
      return (await desk.list({ limit: RUNS })).items.map(({ id, workflowId, status }) => ({ value: id, about: `${workflowId}, ${status}` }));
    },
    pluginCommands: async () => {
      const { deps } = await context.offline();
      return (await deps.plugins.list()).flatMap(({ commands }) => commands);
    },
  };
}
