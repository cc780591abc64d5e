import type { CommandHandler } from '../command-context.js';
import { parseJson } from '../input/parse-json.js';
import { sanitizeText } from '../terminal/sanitize.js';
import { tellUnserved } from './tell-unserved.js';

const MOST_NAMED = 20;

export const execute: CommandHandler<'workflow:signal'> = async (context, args) => {
  const { terminal } = context;
  const payload = args.data === undefined ? {} : parseJson('--data', args.data);
  const desk = await context.desk();
  const runId = args['run-id'];
  const sent = await desk.signal({ name: args.rest[0], payload, ...(runId === undefined ? {} : { runId }) });
  if (context.json) {
    terminal.printJson(sent);
    return undefined;
  }
  const { style } = terminal;
  const shown = sent.resumed.slice(0, MOST_NAMED).map((one) => `${style.green('✓')} ${sanitizeText(sent.name)} → ${one.job}/${one.step}  ${style.dim(one.runId)}`);
  const rest = sent.resumed.length - shown.length;
  terminal.print([...shown, ...(rest > 0 ? [`and ${String(rest)} more`] : [])]);
  await tellUnserved(context, desk, sent.resumed.map((one) => one.runId));
  return undefined;
};
