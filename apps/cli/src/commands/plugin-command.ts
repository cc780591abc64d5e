import type { PluginCommand, PluginUses } from '@kb-labs/contracts';
import type { OfflineComposition } from '@kb-labs/daemon';
import { runCommand } from '@kb-labs/engine';
import { AppError, EXIT_CODES, type ExitCode, isErrorCode, REGISTER, suggestName } from '@kb-labs/errors';

import type { CommandContext } from '../command-context.js';
import { parseArgs } from '../parse-args.js';
import { keepArtifacts } from '../plugin/keep-artifacts.js';
import { renderOutputs } from '../plugin/render-outputs.js';
import { specOfSchema } from '../plugin/spec-of-schema.js';
import { GLOBAL_OPTIONS } from '../table/options.js';
import { sanitizeLine, sanitizeText } from '../terminal/sanitize.js';

/** Runs a command of a plugin by itself: its outputs are the answer, its log goes to standard error, nothing is stored. */
export async function executePluginCommand(context: CommandContext, call: { id: string; tokens: readonly string[] }): Promise<ExitCode | undefined> {
  const { terminal } = context;
  const { deps } = await context.offline();
  const { uses, command } = await findCommand(deps, call.id);
  const { spec, toInput } = specOfSchema(command);
  if (call.tokens.includes('--help') || call.tokens.includes('-h')) {
    const { printCommandHelp } = await import('../control.js');
    return printCommandHelp(context, call.id, spec);
  }
  const parsed = parseArgs(call.tokens, { ...spec.options, ...GLOBAL_OPTIONS }, spec.positional);
  const input = toInput(parsed);
  const folder = parsed.options['artifacts'];
  const artifacts = keepArtifacts(typeof folder === 'string' ? folder : undefined, terminal.host.cwd);
  const interrupted = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => { interrupted.abort(); });
  // The state is opened for a command that keeps something, and for no other.
  const keeps = command.permissions.services?.includes('storage') === true;
  const outcome = await runCommand(keeps ? (await context.engine()).deps : deps, {
    uses,
    input,
    signal: interrupted.signal,
    log: ({ level, text }) => {
      const { errorStyle: style } = terminal;
      const line = sanitizeLine(text, style.coloured);
      terminal.note(level === 'error' ? style.red(line) : level === 'warn' ? style.yellow(line) : style.dim(line));
    },
    progress: () => undefined,
    saveArtifact: artifacts.save,
  });
  terminal.note(artifacts.lines());
  switch (outcome.status) {
    case 'success':
      if (context.json) terminal.printJson(outcome.outputs);
      else terminal.print(renderOutputs(outcome.outputs, terminal.style));
      return undefined;
    case 'aborted':
      throw new AppError('INTERRUPTED');
    case 'failed': {
      const { error } = outcome;
      if (context.json) terminal.printJson(error);
      else terminal.note([`${terminal.errorStyle.red('error')} ${sanitizeText(error.code)}: ${sanitizeText(error.message)}`, ...(error.hint === undefined ? [] : [`  hint: ${sanitizeText(error.hint)}`])]);
      return isErrorCode(error.code) ? REGISTER[error.code].exit : EXIT_CODES.failed;
    }
  }
}

async function findCommand({ plugins }: OfflineComposition['deps'], id: string): Promise<{ uses: PluginUses; command: PluginCommand }> {
  const installed = await plugins.list();
  const all = installed.flatMap((plugin) => plugin.commands.map((command) => ({ plugin, command })));
  const [found, other] = all.filter(({ command }) => command.id === id);
  if (found === undefined) {
    const { visibleCommands } = await import('../command-table.js');
    const hint = suggestName(id, [...visibleCommands(), ...all.map(({ command }) => command.id)]);
    throw new AppError('USAGE', { problem: `unknown command "${id}"` }, { hint: hint ?? '"kb help" lists the commands' });
  }
  if (other !== undefined) {
    throw new AppError('USAGE', { problem: `${found.plugin.id} and ${other.plugin.id} both have a command "${id}"` }, { hint: 'use it as a step: a step names the package too' });
  }
  return { uses: { kind: 'plugin', package: found.plugin.id, command: id }, command: found.command };
}
