import type { AuditHead } from '@kb-labs/contracts';
import { verifyAudit } from '@kb-labs/engine';
import { AppError, EXIT_CODES } from '@kb-labs/errors';

import type { CommandHandler } from '../command-context.js';
import { sanitizeText } from '../terminal/sanitize.js';

export const execute: CommandHandler<'audit:verify'> = async (context, args) => {
  const { terminal } = context;
  const expect = args.expect === undefined ? undefined : parseHead(args.expect);
  const { deps } = await context.engine();
  const check = await verifyAudit(deps, expect === undefined ? {} : { expect });
  if (context.json) {
    terminal.printJson(check);
  } else if (check.problem !== undefined) {
    const { seq, message } = check.problem;
    terminal.print(`${terminal.style.red('✗ broken')}  ${seq === 0 ? '' : `row ${String(seq)}: `}${sanitizeText(message)}`);
  } else {
    terminal.print(`${terminal.style.green('✓ intact')}  ${String(check.rows)} rows`);
    if (check.head !== null) terminal.note(`note this elsewhere, for --expect: ${String(check.head.seq)}:${check.head.hash}`);
  }
  return check.intact ? undefined : EXIT_CODES.failed;
};

function parseHead(written: string): AuditHead {
  const [, seq, hash] = /^(\d{1,15}):((?:sha256:)?[0-9a-f]{64})$/.exec(written) ?? [];
  if (seq === undefined || hash === undefined || Number(seq) === 0) throw new AppError('USAGE', { problem: `--expect cannot be "${written}"` }, { hint: 'write ROW:HASH as audit:verify has printed it' });
  return { seq: Number(seq), hash: hash.startsWith('sha256:') ? hash : `sha256:${hash}` };
}
