import { createWriteStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import { resolve } from 'node:path';
import { pipeline } from 'node:stream/promises';

import type { ArtifactView } from '@kb-labs/contracts';
import { AppError } from '@kb-labs/errors';

import type { CommandContext, CommandHandler } from '../command-context.js';
import { fileProblem } from '../input/file-problem.js';
import { formatBytes } from '../render/run-summary.js';
import { renderTable } from '../render/table.js';
import { sanitizeText } from '../terminal/sanitize.js';

export const execute: CommandHandler<'workflow:artifacts'> = async (context, args) => {
  const { terminal } = context;
  const desk = await context.desk();
  const runId = args['run-id'];
  if (args.download === undefined) {
    if (args.output !== undefined) throw new AppError('USAGE', { problem: '--output needs --download=NAME' });
    printList(context, (await desk.read(runId)).artifacts);
    return undefined;
  }
  if (args.output === '-' && context.json) throw new AppError('USAGE', { problem: '--output=- writes the artifact itself to standard output, where --json allows only JSON' }, { hint: 'leave one of them out' });
  const { artifact, content } = await desk.artifact(runId, args.download);
  if (args.output === '-') {
    await pipeline(content, terminal.host.stdout, { end: false });
    return undefined;
  }
  const file = resolve(terminal.host.cwd, args.output ?? artifact.name.replaceAll('/', '-'));
  await save(content, file);
  if (context.json) terminal.printJson({ ...artifact, file });
  else terminal.print(`${file}  ${terminal.style.dim(formatBytes(artifact.bytes))}`);
  return undefined;
};

function printList({ terminal, json }: CommandContext, artifacts: readonly ArtifactView[]): void {
  if (json) {
    terminal.printJson({ items: artifacts });
  } else if (artifacts.length === 0) {
    terminal.note('no artifacts');
  } else {
    const rows = artifacts.map((one) => [sanitizeText(one.name), one.type, formatBytes(one.bytes), one.step === null ? one.job : `${one.job}/${one.step}`, sanitizeText(one.label ?? '')]);
    terminal.print(renderTable(rows, { header: ['NAME', 'TYPE', 'SIZE', 'FROM', 'LABEL'], columns: terminal.columns(), paintHeader: terminal.style.dim }));
  }
}

/** Never over a file that is there: an artifact's name is chosen by a step. Half of one is not left behind. */
async function save(content: AsyncIterable<Uint8Array>, file: string): Promise<void> {
  const target = createWriteStream(file, { flags: 'wx' });
  let made = false;
  target.once('open', () => (made = true));
  try {
    await pipeline(content, target);
  } catch (error) {
    if (made) await rm(file, { force: true });
    if (error instanceof Error && 'code' in error && typeof error.code === 'string' && error.code.startsWith('E')) {
      throw new AppError('USAGE', { problem: `cannot write ${file}: ${fileProblem(error)}` }, { hint: 'name another file with --output', cause: error });
    }
    throw error;
  }
}
