import { type FlowView, OWN_ID, type Page } from '@kb-labs/contracts';
import { AppError } from '@kb-labs/errors';
import { type FlowSource, toFlowView } from '@kb-labs/projector';

import { pageLimit } from '../page-limit.js';
import { asManifest, requireVersion, type StoredPlaybook } from '../playbooks/playbook-record.js';
import { carryOn } from './carry-on.js';
import { FLOW_KIND, type FlowDeps, type FlowRef, type KeptFlow, readEvidence, requireFlow, submissionOf } from './flow-record.js';
import { gatherRuns } from './gather-runs.js';

/**
 * A flow as it stands. Whoever reads it carries it on as well when a crash has left it half started. Fails with `FLOW_NOT_FOUND`, and with
 * `PLAYBOOK_DIGEST_MISMATCH` when what is stored of its playbook is not what it started with.
 */
export async function readFlow(deps: FlowDeps, ref: FlowRef): Promise<FlowView> {
  await requireFlow(deps, ref);
  await carryOn(deps, ref);
  return viewOf(deps, await requireFlow(deps, ref));
}

export interface ListFlows {
  readonly tenant: string;
  /** Of an earlier page. */
  readonly cursor?: string;
  /** 1 to 200, 20 when left out. */
  readonly limit?: number;
}

/** Flows by their ids, the last first: of those whose ids were made here, the newest. What a page shows is folded, and nothing else. */
export async function listFlows(deps: FlowDeps, { tenant, cursor, limit }: ListFlows): Promise<Page<FlowView>> {
  const most = pageLimit(limit);
  if (cursor !== undefined && !OWN_ID.test(cursor)) throw new AppError('USAGE', { problem: `"${cursor}" is no cursor of a page` });
  const page = await FLOW_KIND.list(deps.records, { prefix: `${tenant}/`, descending: true, limit: most + 1, ...(cursor === undefined ? {} : { after: `${tenant}/${cursor}` }) });
  const items: FlowView[] = [];
  for (const kept of page.slice(0, most)) items.push(await viewOf(deps, kept));
  const last = page.length > most ? items.at(-1) : undefined;
  return { items, ...(last === undefined ? {} : { nextCursor: last.flow_id }) };
}

async function viewOf(deps: FlowDeps, kept: KeptFlow): Promise<FlowView> {
  return toFlowView(await readSource(deps, kept));
}

/** All that the view of a flow is made of, and its playbook. */
export async function readSource(deps: FlowDeps, { value: { record } }: KeptFlow): Promise<FlowSource & { readonly stored: StoredPlaybook }> {
  const { playbook, tenant, flowId } = record;
  const { stored } = await requireVersion(deps, { tenant, id: playbook.playbook_id, version: playbook.version, digest: playbook.digest });
  const evidence = await readEvidence(deps, { id: flowId, tenant });
  const submission = (await submissionOf(deps, record)) === 'submitted' ? 'submitted' : 'none';
  const source = { record, evidence, manifest: asManifest(stored.manifest), submission } as const;
  return { ...source, stored, runs: await gatherRuns(deps, source) };
}
