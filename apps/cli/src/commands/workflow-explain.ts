import type { Explanation } from '@kb-labs/contracts';
import { AppError, suggestName } from '@kb-labs/errors';

import type { CommandHandler } from '../command-context.js';
import { renderExplanation } from '../render/explanation.js';

export const execute: CommandHandler<'workflow:explain'> = async (context, args) => {
  const { terminal } = context;
  const desk = await context.desk();
  const { job } = args;
  if (job !== undefined) {
    const keys = (await desk.read(args['run-id'])).jobs.map(({ key }) => key);
    const hint = suggestName(job, keys);
    if (!keys.includes(job)) throw new AppError('JOB_NOT_FOUND', { id: job }, hint === undefined ? {} : { hint });
  }
  const explanation = ofJob(await desk.explain(args['run-id']), job);
  if (context.json) terminal.printJson(explanation);
  else terminal.print(renderExplanation(explanation, { style: terminal.style, now: terminal.now() }));
  return undefined;
};

/** A job with a matrix stands for its combinations too. */
function ofJob(explanation: Explanation, job: string | undefined): Explanation {
  if (job === undefined) return explanation;
  return { ...explanation, nodes: explanation.nodes.filter((node) => node.job === job || node.job.startsWith(`${job}.`)) };
}
