import type { CommandHandler } from '../command-context.js';
import { plural } from '../render/diagnostics.js';
import { renderTable } from '../render/table.js';
import { sanitizeText } from '../terminal/sanitize.js';

export const execute: CommandHandler<'workflow:list'> = async (context) => {
  const { terminal } = context;
  const library = await context.library();
  const { workflows, diagnostics } = await library.check();
  if (context.json) {
    terminal.printJson({ items: workflows, diagnostics });
    return undefined;
  }
  const { style } = terminal;
  const broken = [...new Set(diagnostics.flatMap(({ file, severity }) => (severity === 'error' ? [file] : [])))];
  const rows = workflows.map((one) => [
    one.id,
    sanitizeText(one.name),
    sanitizeText(one.version ?? ''),
    plural(one.jobs.length, 'job'),
    one.valid ? style.green('✓ ok') : style.red('✗ invalid'),
    sanitizeText(one.file),
  ]);
  if (rows.length > 0) terminal.print(renderTable(rows, { header: ['ID', 'NAME', 'VERSION', 'JOBS', 'STATE', 'FILE'], columns: terminal.columns(), paintHeader: style.dim }));
  else if (broken.length === 0) terminal.note('no workflows: "kb workflow:new ID" writes a first one');
  if (broken.length > 0) terminal.note(`errors in ${broken.map(sanitizeText).join(', ')}: "kb workflow:validate" shows them`);
  return undefined;
};
