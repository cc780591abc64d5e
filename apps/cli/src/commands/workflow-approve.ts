import type { CommandContext, CommandHandler } from '../command-context.js';
import { parseObject } from '../input/parse-json.js';
import { sanitizeText } from '../terminal/sanitize.js';
import { tellUnserved } from './tell-unserved.js';

export const approve: CommandHandler<'workflow:approve'> = (context, args) => decide(context, 'approved', { ...args, data: args.data });

export const reject: CommandHandler<'workflow:reject'> = (context, args) => decide(context, 'rejected', { ...args, data: undefined });

interface DecisionArgs {
  readonly 'run-id': string;
  readonly 'step-id': string;
  readonly comment: string | undefined;
  readonly data: string | undefined;
  readonly as: string | undefined;
}

async function decide(context: CommandContext, decision: 'approved' | 'rejected', args: DecisionArgs): Promise<undefined> {
  const { terminal } = context;
  const data = args.data === undefined ? undefined : parseObject('--data', args.data);
  const desk = await context.desk();
  const run = await desk.answer({
    runId: args['run-id'],
    step: args['step-id'],
    decision,
    ...(args.as === undefined ? {} : { as: args.as }),
    ...(args.comment === undefined ? {} : { comment: args.comment }),
    ...(data === undefined ? {} : { data }),
  });
  if (context.json) {
    terminal.printJson(run);
    return undefined;
  }
  const { style } = terminal;
  const mark = decision === 'approved' ? style.green('✓ approved') : style.red('✗ rejected');
  terminal.print(`${mark}  ${sanitizeText(args['step-id'])}  ${style.dim(`${run.workflowId}  ${run.id}`)}`);
  await tellUnserved(context, desk, [run.id]);
  return undefined;
}
