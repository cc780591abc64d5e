import { readFile } from 'node:fs/promises';
import { relative, resolve, sep } from 'node:path';

import { AppError, EXIT_CODES } from '@kb-labs/errors';
import type { WorkflowSource } from '@kb-labs/ports';

import type { CommandHandler } from '../command-context.js';
import { fileProblem } from '../input/file-problem.js';
import { countDiagnostics, plural, renderDiagnostics } from '../render/diagnostics.js';
import { textReader } from '../report-error.js';

export const execute: CommandHandler<'workflow:validate'> = async (context, args) => {
  const { terminal } = context;
  const library = await context.library();
  const sources = args.rest.length === 0 ? undefined : await readNamed(await library.folder(), context.terminal.host.cwd, args.rest);
  const { workflows, diagnostics } = await library.check(sources);
  const valid = diagnostics.every(({ severity }) => severity !== 'error');
  if (!context.json && workflows.length === 0 && diagnostics.length === 0) {
    terminal.note('no workflows: "kb workflow:new ID" writes a first one');
  } else if (context.json) {
    terminal.printJson({ valid, workflows, diagnostics });
  } else {
    const { style } = terminal;
    terminal.print(renderDiagnostics(diagnostics, { style, columns: terminal.columns(), textOf: await textReader(context, sources) }));
    const verdict = valid ? `${style.green('✓')} ${plural(workflows.length, 'workflow')} can run` : `${style.red('✗')} ${countDiagnostics(diagnostics)}`;
    const warnings = valid && diagnostics.length > 0 ? `, ${countDiagnostics(diagnostics)}` : '';
    terminal.print(verdict + warnings);
  }
  return valid ? undefined : EXIT_CODES.badInput;
};

/** The files as named, shown relative to the project where they are in it. */
async function readNamed(projectRoot: string, cwd: string, files: readonly string[]): Promise<WorkflowSource[]> {
  return Promise.all(
    files.map(async (file) => {
      const path = resolve(cwd, file);
      try {
        const text = await readFile(path, 'utf8');
        const inside = path.startsWith(projectRoot + sep);
        return { file: inside ? relative(projectRoot, path).split(sep).join('/') : path, text };
      } catch (error) {
        throw new AppError('USAGE', { problem: `cannot read ${file}: ${fileProblem(error)}` });
      }
    }),
  );
}
