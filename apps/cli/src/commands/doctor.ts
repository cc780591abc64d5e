import { EXIT_CODES, fromUnknown } from '@kb-labs/errors';

import type { CommandContext, CommandHandler } from '../command-context.js';
import { type Check, fail } from '../doctor/check.js';
import { checkGit, checkInterpreters, checkNode } from '../doctor/machine.js';
import { checkModel, checkPlugins, checkSecrets, checkSettings, checkWorkflows } from '../doctor/project.js';
import { checkState } from '../doctor/state.js';
import { checkTargets } from '../doctor/targets.js';
import type { Style } from '../terminal/style.js';
import { padTo } from '../terminal/text-width.js';

export const execute: CommandHandler<'doctor'> = async (context) => {
  const { terminal } = context;
  const checks = [
    checkNode(process.versions.node),
    await checkGit(),
    ...(await checkInterpreters(terminal.host.env['PATH'] ?? '')),
    ...(await checkProject(context)),
  ];
  const healthy = checks.every(({ state }) => state !== 'fail');
  if (context.json) terminal.printJson({ ok: healthy, checks });
  else terminal.print(renderChecks(checks, terminal.style));
  return healthy ? undefined : EXIT_CODES.failed;
};

async function checkProject(context: CommandContext): Promise<Check[]> {
  try {
    const config = await context.config();
    const offline = await context.offline();
    return [
      ...checkSettings(config),
      ...(await checkState(config, () => context.engine())),
      await checkWorkflows(offline),
      ...(await checkSecrets(offline)),
      ...(await checkModel(offline)),
      ...(await checkPlugins(offline)),
      ...(await checkTargets(config, context.terminal.host.env)),
    ];
  } catch (thrown) {
    const error = fromUnknown(thrown);
    return [fail(error.code === 'PROJECT_NOT_FOUND' ? 'project' : 'settings', error.message, error.hint ?? '')];
  }
}

const SYMBOLS = { ok: '✓', warn: '!', fail: '✗' } as const;

function renderChecks(checks: readonly Check[], style: Style): string[] {
  const width = Math.max(...checks.map(({ name }) => name.length));
  const paint = { ok: style.green, warn: style.yellow, fail: style.red } as const;
  return checks.flatMap(({ name, state, text, advice }) => [
    `${paint[state](`${SYMBOLS[state]} ${padTo(state, 4)}`)}  ${padTo(name, width)}  ${text}`,
    ...(advice === undefined || advice === '' ? [] : [`${' '.repeat(width + 10)}→ ${advice}`]),
  ]);
}
