import { writeFile, readFile } from 'node:fs/promises';
import { resolve } from 'node:path';

import type { FlowView, JsonObject } from '@kb-labs/contracts';
import { AppError, EXIT_CODES } from '@kb-labs/errors';
import { exportText, verifyFlowExport } from '@kb-labs/engine';

import type { CommandContext, CommandHandler } from '../command-context.js';
import { fileProblem } from '../input/file-problem.js';
import { parseObject } from '../input/parse-json.js';
import { readTextFile } from '../input/read-text-file.js';
import { formatAge } from '../render/times.js';
import { sanitizeText } from '../terminal/sanitize.js';
import { followToEnd } from './follow-to-end.js';
import { parseEvidence } from './playbooks.js';
import { given, printFacts, printWirePage } from './print-wire.js';

export const flowsStart: CommandHandler<'flows:start'> = async (context, args) => {
  const request = parseObject('--request-file', await readTextFile('--request-file', args['request-file'], context.terminal.host));
  const metadata = args['metadata-json'] === undefined ? undefined : parseObject('--metadata-json', args['metadata-json']);
  const evidence = args['evidence-refs-json'] === undefined ? undefined : parseEvidence(args['evidence-refs-json']);
  const body: JsonObject = {
    ...given({ flow_id: args['flow-id'], idempotency_key: args['idempotency-key'] }),
    playbook_ref: { playbook_id: args['playbook-id'], version: args.version, digest: args.digest },
    session_id: args['session-id'],
    request,
    ...(metadata === undefined ? {} : { metadata }),
    ...(evidence === undefined ? {} : { evidence_refs: evidence.map(({ kind, id, ...more }) => ({ kind, id, ...given(more) })) }),
  };
  const routes = await context.routes();
  // Its schema is the route's to check, here and at a gateway.
  const flow = await routes.call('startFlow', { body: body as never });
  printFlow(context, flow);
  await carry(routes, flow);
  return undefined;
};

export const flowsList: CommandHandler<'flows:list'> = async (context, args) => {
  const { terminal } = context;
  const routes = await context.routes();
  const page = await routes.call('listFlows', { query: given({ limit: args.limit, cursor: args.cursor }) });
  printWirePage(context, page, {
    none: 'no flows',
    header: ['FLOW', 'STATUS', 'PLAYBOOK', 'SESSION', 'STARTED', 'WHY'],
    rowOf: (flow) => [flow.flow_id, flow.status, sanitizeText(`${flow.playbook_ref.playbook_id} ${flow.playbook_ref.version}`), flow.session_id, formatAge(flow.created_at, terminal.now()), sanitizeText(flow.reasons[0]?.message ?? '')],
  });
  return undefined;
};

export const flowsGet: CommandHandler<'flows:get'> = async (context, args) => {
  const routes = await context.routes();
  printFlow(context, await routes.call('getFlow', { params: { id: args.rest[0] } }));
  return undefined;
};

export const flowsCancel: CommandHandler<'flows:cancel'> = async (context, args) => {
  const routes = await context.routes();
  const flow = await routes.call('cancelFlow', { params: { id: args.rest[0] }, body: given({ reason: args.reason }) });
  printFlow(context, flow);
  await carry(routes, flow);
  return undefined;
};

export const flowsStream: CommandHandler<'flows:stream'> = async (context, args) => {
  const routes = await context.routes();
  return followToEnd(context, (signal) => routes.follow('streamFlow', { params: { id: args.rest[0] }, signal }));
};

export const flowsEvidence: CommandHandler<'flows:evidence'> = async (context, args) => {
  const evidence_refs = parseEvidence(args['evidence-refs-json']);
  const routes = await context.routes();
  printFlow(context, await routes.call('addEvidence', { params: { id: args.rest[0] }, body: { evidence_refs } }));
  return undefined;
};

export const flowsExport: CommandHandler<'flows:export'> = async (context, args) => {
  const { terminal } = context;
  const routes = await context.routes();
  // Without a line end behind it: the file is what is checked, to the last byte.
  const text = exportText(await routes.call('exportFlow', { params: { id: args.rest[0] } }));
  if (args.output === undefined) {
    terminal.host.stdout.write(text);
    return undefined;
  }
  try {
    await writeFile(resolve(terminal.host.cwd, args.output), text, { mode: 0o600 });
  } catch (error) {
    throw new AppError('USAGE', { problem: `--output "${args.output}" cannot be written: ${fileProblem(error)}` }, { hint: 'name a file in a folder that is there' });
  }
  if (!context.json) terminal.note(`written: "kb flows verify ${args.output}" checks it`);
  return undefined;
};

export const flowsVerify: CommandHandler<'flows:verify'> = async (context, args) => {
  const { terminal } = context;
  const { style } = terminal;
  const file = args.rest[0];
  const bytes = await readFile(resolve(terminal.host.cwd, file)).catch((error: unknown) => {
    throw new AppError('USAGE', { problem: `cannot read ${file}: ${fileProblem(error)}` }, { hint: 'name a file that "kb flows export FLOW --output F" has written' });
  });
  const { ok, problems, flowId, status, digest } = await verifyFlowExport(new Uint8Array(bytes));
  if (context.json) terminal.printJson({ ok, problems, flow_id: flowId, status, digest });
  else if (ok) terminal.print(`${style.green('✓ intact')}  ${sanitizeText(flowId ?? '')}  ${status ?? ''}  ${style.dim(digest ?? '')}`);
  else terminal.print([`${style.red('✗ broken')}  ${sanitizeText(flowId ?? file)}`, ...problems.map((problem) => `  ${sanitizeText(problem)}`)]);
  return ok ? undefined : EXIT_CODES.failed;
};

async function carry(routes: Awaited<ReturnType<CommandContext['routes']>>, flow: FlowView): Promise<void> {
  if (flow.run_id !== null) await routes.carry?.([flow.run_id]);
}

function printFlow(context: CommandContext, flow: FlowView): void {
  printFacts(context, flow, [
    ['flow', flow.flow_id],
    ['status', flow.status],
    ['because', flow.reasons.map(({ message, refs }) => (refs.length === 0 ? message : `${message}: ${refs.join(', ')}`))],
    ['playbook', `${flow.playbook_ref.playbook_id} ${flow.playbook_ref.version} (${flow.release_state_at_start} when it started)`],
    ['session', flow.session_id],
    ['run', flow.run_id],
    ['called', flow.child_run_ids],
    ['phases', flow.phase_states.map(({ phase_id, status }) => `${phase_id}: ${status}`)],
    ['approvals', flow.pending_approval_ids],
    ['questions', flow.pending_question_ids],
    ['missing', flow.contract.missing_evidence.map(({ kind, id, phase_id }) => `${kind}${id === undefined ? '' : ` ${id}`}${phase_id === null ? '' : ` for ${phase_id}`}`)],
    ['evidence', flow.evidence_refs.map(({ kind, id, basis }) => `${kind} ${id}${basis === 'attestation' ? ' (attested)' : ''}`)],
  ]);
}
