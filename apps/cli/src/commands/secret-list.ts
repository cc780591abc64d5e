import type { CommandHandler } from '../command-context.js';
import { renderTable } from '../render/table.js';
import { formatAge } from '../render/times.js';

const FROM = { env: 'environment', file: '.kb/secrets.enc' } as const;

export const execute: CommandHandler<'secret:list'> = async (context) => {
  const { terminal } = context;
  const { deps } = await context.offline();
  const kept = (await deps.secrets?.list()) ?? [];
  const items = kept.map(({ name, from, setAt }) => ({ name, from, setAt: setAt === null ? null : new Date(setAt).toISOString() }));
  if (context.json) {
    terminal.printJson({ items });
    return undefined;
  }
  if (items.length === 0) {
    terminal.note('no secrets: "kb secret:set NAME" keeps one');
    return undefined;
  }
  const rows = items.map(({ name, from, setAt }) => [name, FROM[from], setAt === null ? '' : formatAge(setAt, terminal.now())]);
  terminal.print(renderTable(rows, { header: ['NAME', 'FROM', 'SET'], columns: terminal.columns(), paintHeader: terminal.style.dim }));
  return undefined;
};
