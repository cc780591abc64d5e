import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';

import { type Diagnostic, isJsonObject, type JsonValue } from '@kb-labs/contracts';
import { type AppError, EXIT_CODES, type ExitCode, fromUnknown, toProblem } from '@kb-labs/errors';
import type { WorkflowSource } from '@kb-labs/ports';

import type { CommandContext } from './command-context.js';
import { countDiagnostics, renderDiagnostics } from './render/diagnostics.js';
import { sanitizeText } from './terminal/sanitize.js';

/**
 * Tells what went wrong: for people on standard error, with `--json` as the one value on standard output.
 * Answers the exit code.
 */
export async function reportError(thrown: unknown, context: CommandContext): Promise<ExitCode> {
  // A reader that went away, as in `kb … | head`, is no failure of ours.
  if (thrown instanceof Error && 'code' in thrown && thrown.code === 'EPIPE') return EXIT_CODES.ok;
  const error = fromUnknown(thrown);
  if (context.json) {
    context.terminal.printJson(toProblem(error));
    return error.exitCode;
  }
  const { errorStyle: style } = context.terminal;
  const lines = [`${style.red('error')} ${error.code}: ${sanitizeText(error.message)}`];
  const diagnostics = diagnosticsOf(error);
  if (diagnostics.length > 0) {
    lines.push(...renderDiagnostics(diagnostics, { style, columns: context.terminal.columns(), textOf: await textReader(context) }), countDiagnostics(diagnostics));
  } else if (error.hint !== undefined) {
    lines.push(`  ${style.cyan('hint:')} ${sanitizeText(error.hint)}`);
  }
  if (error.code === 'INTERNAL' && error.cause instanceof Error) lines.push(...(error.cause.stack ?? '').split('\n').map((line) => style.dim(sanitizeText(line))));
  context.terminal.note(lines);
  return error.exitCode;
}

function diagnosticsOf(error: AppError): Diagnostic[] {
  const list = error.details['diagnostics'];
  return Array.isArray(list) ? list.filter(isDiagnostic) : [];
}

function isDiagnostic(value: JsonValue): value is JsonValue & Diagnostic {
  return isJsonObject(value) && typeof value['file'] === 'string' && typeof value['line'] === 'number' && typeof value['message'] === 'string';
}

/** Files of diagnostics are named relative to the project. Those of a gateway are known as far as they were sent to it. */
export async function textReader(context: CommandContext, sent: readonly WorkflowSource[] = []): Promise<(file: string) => string | undefined> {
  if (context.gateway !== undefined) return (file) => sent.find((one) => one.file === file)?.text;
  const root = await context.config().then(
    ({ projectRoot }) => projectRoot,
    () => context.terminal.host.cwd,
  );
  return (file) => {
    try {
      return readFileSync(resolve(root, file), 'utf8');
    } catch {
      return undefined;
    }
  };
}
