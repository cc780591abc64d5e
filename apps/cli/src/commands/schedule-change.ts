import type { ScheduleView } from '@kb-labs/contracts';
import { audited, pauseSchedule, resumeSchedule, triggerSchedule } from '@kb-labs/engine';

import type { CommandContext, CommandHandler } from '../command-context.js';
import { userName } from '../project/user-name.js';
import { renderSchedule } from './schedule-list.js';

export const pause: CommandHandler<'schedule:pause'> = (context, args) => change(context, { id: args.rest[0], action: 'pauseSchedule', act: pauseSchedule });

export const resume: CommandHandler<'schedule:resume'> = (context, args) => change(context, { id: args.rest[0], action: 'resumeSchedule', act: resumeSchedule });

export const trigger: CommandHandler<'schedule:trigger'> = async (context, args) => {
  const engine = await context.engine();
  const id = args.rest[0];
  const by = userName();
  const run = await audited(engine.deps, { actor: by, tenant: engine.config.triggers.tenant, action: 'triggerSchedule', target: id }, () => triggerSchedule(engine.deps, { id, by }));
  const { detachRun } = await import('../attend/detach-run.js');
  return detachRun(context, await context.desk(), run.id);
};

interface Change {
  readonly id: string;
  readonly action: string;
  readonly act: typeof pauseSchedule;
}

async function change(context: CommandContext, { id, action, act }: Change): Promise<undefined> {
  const { terminal } = context;
  const { deps, config } = await context.engine();
  const by = userName();
  const schedule: ScheduleView = await audited(deps, { actor: by, tenant: config.triggers.tenant, action, target: id }, () => act(deps, { id, by }));
  if (context.json) terminal.printJson(schedule);
  else terminal.print(renderSchedule(schedule, terminal));
  return undefined;
}
