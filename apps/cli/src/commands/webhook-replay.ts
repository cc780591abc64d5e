import { parseRunId } from '@kb-labs/contracts';
import { audited, replayDelivery } from '@kb-labs/engine';

import { carryApart } from '../attend/carry-apart.js';
import type { CommandHandler } from '../command-context.js';
import { userName } from '../project/user-name.js';
import { rowOf } from './webhook-list.js';

export const execute: CommandHandler<'webhook:replay'> = async (context, args) => {
  const { terminal } = context;
  const engine = await context.engine();
  const id = args.rest[0];
  const delivery = await audited(engine.deps, { actor: userName(), tenant: engine.config.triggers.tenant, action: 'replayDelivery', target: id }, () => replayDelivery(engine.deps, { id }));
  if (context.json) terminal.printJson(delivery);
  else terminal.print(rowOf(delivery, terminal).join('  '));
  const started = delivery.runs.flatMap(({ runId }) => parseRunId(runId ?? '') ?? []);
  await carryApart(engine, started, (text) => { terminal.note(text); });
  return undefined;
};
