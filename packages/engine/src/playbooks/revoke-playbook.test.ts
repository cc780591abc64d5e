import { describe, expect, it } from 'vitest';

import { sealedDeps } from '../flows/flows.fixture.js';
import { startFlow } from '../flows/start-flow.js';
import { readFlow } from '../flows/read-flow.js';
import { by, openLine, tenant, WORK } from '../sessions/sessions.fixture.js';
import { turns } from '../watch-run.fixture.js';
import { createPlaybook } from './create-playbook.js';
import { publishPlaybook, revokePlaybook } from './publish-playbook.js';

/** Two released versions, the second with a flow that goes on. */
async function running() {
  const line = await openLine({ workflows: { 'w.yml': WORK }, wrap: sealedDeps });
  await line.worker();
  const { deps } = line;
  const digests: string[] = [];
  for (const version of ['1', '2']) {
    const manifest = { playbook_id: 'p', version, title: 'P', objective: 'to be stopped', runtime_defaults: { workflow_id: 'work' } };
    const { digest } = (await createPlaybook(deps, { manifest, tenant, by })).playbook;
    digests.push(digest);
    await publishPlaybook(deps, { id: 'p', version, digest, status: 'verified', evidenceRefs: [{ kind: 'review', id: 'r' }], by, tenant });
  }
  const start = (version: string, flowId: string) =>
    startFlow(deps, { request: { flow_id: flowId, session_id: 'line', playbook_ref: { playbook_id: 'p', version, digest: digests[Number(version) - 1] ?? '' }, request: {} }, by, tenant, role: 'admin' });
  await start('1', 'first');
  await start('2', 'second');
  const status = async (id: string) => (await readFlow(deps, { id, tenant })).status;
  const revoke = (version: string, stopRunning?: boolean) =>
    revokePlaybook(deps, { id: 'p', version, digest: digests[Number(version) - 1] ?? '', reason: 'a flaw', by: 'eve', tenant, ...(stopRunning === undefined ? {} : { stopRunning }) });
  return { deps, start, status, revoke };
}

describe('a version that is revoked', () => {
  it('starts no flows any more, and lets those go on that have started', async () => {
    const { start, status, revoke } = await running();
    expect(await revoke('1')).toMatchObject({ status: 'revoked', startable: false });
    expect(['running', 'waiting', 'pending']).toContain(await status('first'));
    await expect(start('1', 'third')).rejects.toMatchObject({ code: 'PLAYBOOK_NOT_STARTABLE' });
  });

  it('stops its flows when it is told to, also later, and those of no other version', async () => {
    const { deps, status, revoke } = await running();
    await revoke('1');
    await revoke('1', true);
    await turns(async () => (await status('first')) === 'cancelled');
    expect((await readFlow(deps, { id: 'first', tenant })).cancel_requested).toMatchObject({ by: 'eve', reason: 'a flaw' });
    expect((await readFlow(deps, { id: 'second', tenant })).cancel_requested).toBeNull();
    expect(await status('second')).not.toBe('cancelled');
  });
});
