import { type JsonObject, type JsonValue, LIMITS, type PlaybookView, RELEASE_STATES, type ReleaseState } from '@kb-labs/contracts';
import { AppError } from '@kb-labs/errors';
import { playbookDigest } from '@kb-labs/manifest';
import { afterEach, describe, expect, it } from 'vitest';

import { type Harness, openHarness } from '../harness.fixture.js';
import { manualClock } from '../manual-clock.fixture.js';
import { createPlaybook } from './create-playbook.js';
import { PLAYBOOK_KIND, playbookKey } from './playbook-record.js';
import { publishPlaybook, revokePlaybook } from './publish-playbook.js';
import { listPlaybooks, readPlaybook } from './read-playbook.js';
import { requireStartable } from './require-startable.js';

const open: Harness[] = [];
afterEach(async () => {
  for (const harness of open.splice(0).toReversed()) await harness.close();
});

async function catalog() {
  const clock = manualClock();
  const harness = await openHarness({ clock, workflows: {} });
  open.push(harness);
  const { deps } = harness;
  const tenant = 'default';
  const create = async (version: string, changes: JsonObject = {}, inTenant = tenant) =>
    createPlaybook(deps, { manifest: { playbook_id: 'p', version, title: 'P', objective: 'to be kept', ...changes }, tenant: inTenant, by: 'ada' });
  const read = (version: string): Promise<PlaybookView> => readPlaybook(deps, { id: 'p', version, tenant });
  const publish = async (version: string, status: Exclude<ReleaseState, 'draft' | 'revoked'>, evidence = 'run-1') =>
    publishPlaybook(deps, { id: 'p', version, digest: (await read(version)).digest, status, evidenceRefs: [{ kind: 'run', id: evidence }], by: 'bob', tenant });
  const revoke = async (version: string) => revokePlaybook(deps, { id: 'p', version, digest: (await read(version)).digest, reason: 'a flaw', by: 'eve', tenant });
  const become = (version: string, state: ReleaseState): Promise<unknown> => (state === 'draft' ? Promise.resolve() : state === 'revoked' ? revoke(version) : publish(version, state, state));
  return { clock, deps, tenant, create, read, publish, revoke, become };
}

const codeOf = (promise: Promise<unknown>): Promise<unknown> => promise.then(() => 'accepted', (error: { code?: string }) => error.code);

describe('a manifest', () => {
  it('is kept as a draft, as it was written', async () => {
    const { clock, create, read } = await catalog();
    const { playbook, created } = await create('1', { metadata: { team: 'a' } });
    expect(created).toBe(true);
    const at = new Date(clock.now()).toISOString();
    const manifest = { playbook_id: 'p', version: '1', title: 'P', objective: 'to be kept', metadata: { team: 'a' } };
    expect(playbook).toEqual({
      playbook_id: 'p',
      version: '1',
      digest: playbookDigest(manifest),
      title: 'P',
      status: 'draft',
      startable: false,
      created_at: at,
      created_by: 'ada',
      released_at: null,
      manifest,
      history: [{ from: null, to: 'draft', at, by: 'ada', evidence_refs: [], reason: null }],
    });
    expect(await read('1')).toEqual(playbook);
  });

  it('changes nothing when it comes again, also in another order of keys, and conflicts when it is another', async () => {
    const { deps, tenant, create, publish, read } = await catalog();
    await create('1');
    await publish('1', 'active');
    const before = await read('1');
    const again = await createPlaybook(deps, { manifest: { objective: 'to be kept', title: 'P', version: '1', playbook_id: 'p' }, tenant, by: 'mallory' });
    expect(again).toEqual({ playbook: before, created: false });
    expect(await codeOf(create('1', { title: 'Q' }))).toBe('PLAYBOOK_CONFLICT');
    expect(await read('1')).toEqual(before);
  });

  it('is one version when several keep it at once, and the first when they differ', async () => {
    const { create, read } = await catalog();
    const same = await Promise.all([create('1'), create('1'), create('2'), create('1')]);
    expect(same.filter(({ created }) => created)).toHaveLength(2);
    const differing = await Promise.all(['a', 'b', 'c'].map((title) => codeOf(create('3', { title }))));
    expect(differing.toSorted()).toEqual(['PLAYBOOK_CONFLICT', 'PLAYBOOK_CONFLICT', 'accepted']);
    expect((await read('3')).history).toHaveLength(1);
  });

  it('that does not fit is refused with all that is wrong with it', async () => {
    const { create } = await catalog();
    const refused: unknown = await create('1', { titel: 'x', inputs: [{ name: 'a' }, { name: 'a' }] }).catch((error: unknown) => error);
    if (!(refused instanceof AppError)) throw new Error('it was kept');
    expect(refused.code).toBe('PLAYBOOK_INVALID');
    expect((refused.details['diagnostics'] as { code: string }[]).map(({ code }) => code)).toEqual(['UNKNOWN_KEY', 'INVALID_VALUE']);
    expect(await codeOf(create('1', { metadata: { deep: [{ kheish_flow: {} }] } }))).toBe('RESERVED_KEY');
    expect(await codeOf(create('1', { description: 'x'.repeat(LIMITS.documentBytes) }))).toBe('PLAYBOOK_INVALID');
  });

  it('belongs to its tenant', async () => {
    const { deps, create, publish } = await catalog();
    await create('1');
    await create('1', { title: 'Theirs' }, 'acme');
    await publish('1', 'active');
    expect(await readPlaybook(deps, { id: 'p', tenant: 'acme' })).toMatchObject({ title: 'Theirs', status: 'draft' });
    expect(await codeOf(readPlaybook(deps, { id: 'p', version: '1', tenant: 'acm' }))).toBe('PLAYBOOK_NOT_FOUND');
    expect((await listPlaybooks(deps, { tenant: 'acme' })).items.map(({ title }) => title)).toEqual(['Theirs']);
  });
});

describe('the release of a version', () => {
  /** What each state can become; saying again what it is counts as a change with other evidence. */
  const TABLE: { readonly [State in ReleaseState]: readonly ReleaseState[] } = {
    draft: ['verified', 'canary', 'active', 'revoked'],
    verified: ['verified', 'canary', 'active', 'revoked'],
    canary: ['verified', 'canary', 'active', 'revoked'],
    active: ['verified', 'canary', 'active', 'revoked'],
    revoked: ['revoked'],
  };
  const pairs = RELEASE_STATES.flatMap((from) => RELEASE_STATES.filter((to) => to !== 'draft').map((to) => ({ from, to })));

  it.each(pairs)('from $from to $to', async ({ from, to }) => {
    const { create, become, read, publish, revoke } = await catalog();
    await create('1');
    await become('1', from);
    const before = await read('1');
    const outcome = await codeOf(to === 'revoked' ? revoke('1') : publish('1', to, 'newer'));
    const may = TABLE[from].includes(to);
    expect(outcome).toBe(may ? 'accepted' : 'PLAYBOOK_TRANSITION');
    const after = await read('1');
    expect(after.status).toBe(may ? to : from);
    expect(after.startable).toBe(['verified', 'canary', 'active'].includes(after.status));
    expect(after.history.length - before.history.length).toBe(may && !(from === 'revoked' && to === 'revoked') ? 1 : 0);
  });

  it('is told with who, when, why and on what evidence, and a retry adds nothing', async () => {
    const { clock, create, publish, revoke } = await catalog();
    await create('1');
    clock.advance(1_000);
    const published = await publish('1', 'canary');
    expect(published).toMatchObject({ status: 'canary', startable: true, released_at: new Date(clock.now()).toISOString() });
    expect(published.history[1]).toEqual({ from: 'draft', to: 'canary', at: new Date(clock.now()).toISOString(), by: 'bob', evidence_refs: [{ kind: 'run', id: 'run-1' }], reason: null });
    clock.advance(1_000);
    expect(await publish('1', 'canary')).toEqual(published);
    const revoked = await revoke('1');
    expect(revoked.history.at(-1)).toMatchObject({ from: 'canary', to: 'revoked', by: 'eve', reason: 'a flaw' });
    expect(await revoke('1')).toEqual(revoked);
  });

  it('needs evidence, a reason, and the exact digest of what is there', async () => {
    const { deps, tenant, create, read } = await catalog();
    await create('1');
    const { digest } = await read('1');
    const to = (changes: object) => codeOf(publishPlaybook(deps, { id: 'p', version: '1', digest, status: 'active', evidenceRefs: [{ kind: 'run', id: 'r' }], by: 'bob', tenant, ...changes }));
    expect(await to({ evidenceRefs: [] })).toBe('PLAYBOOK_EVIDENCE_MISSING');
    expect(await to({ evidenceRefs: Array.from({ length: LIMITS.playbookItems + 1 }, (_, id) => ({ kind: 'run', id: String(id) })) })).toBe('USAGE');
    expect(await to({ digest: digest.replace(/.$/, (last) => (last === '0' ? '1' : '0')) })).toBe('PLAYBOOK_DIGEST_MISMATCH');
    expect(await to({ version: '2' })).toBe('PLAYBOOK_NOT_FOUND');
    expect(await to({ version: 'constructor' })).toBe('PLAYBOOK_NOT_FOUND');
    expect(await to({ tenant: 'acme' })).toBe('PLAYBOOK_NOT_FOUND');
    expect(await codeOf(revokePlaybook(deps, { id: 'p', version: '1', digest, reason: '', by: 'eve', tenant }))).toBe('USAGE');
    expect(await to({})).toBe('accepted');
  });

  it('makes the former active version a verified one, in one step', async () => {
    const { create, publish, read, deps, tenant } = await catalog();
    await create('1');
    await create('2');
    await publish('1', 'active');
    await publish('2', 'active');
    expect((await read('1')).status).toBe('verified');
    expect((await read('1')).history.at(-1)).toMatchObject({ from: 'active', to: 'verified', by: 'bob', reason: 'version 2 became the active one' });
    expect(await readPlaybook(deps, { id: 'p', tenant })).toMatchObject({ version: '2' });
  });

  it('leaves one active version when several are published at once, and no line of any history is lost', async () => {
    const { create, publish, deps, tenant, read } = await catalog();
    const versions = ['1', '2', '3', '4', '5'];
    for (const version of versions) await create(version);
    await Promise.all(versions.map((version) => publish(version, 'active')));
    const { items } = await listPlaybooks(deps, { tenant });
    expect(items.map(({ status }) => status).toSorted()).toEqual(['active', 'verified', 'verified', 'verified', 'verified']);
    for (const version of versions) {
      const { history, status } = await read(version);
      expect(history.map(({ to }) => to)).toEqual(status === 'active' ? ['draft', 'active'] : ['draft', 'active', 'verified']);
    }
  });
});

describe('what is asked for', () => {
  it('is the active version, else the newest that starts flows, else the newest', async () => {
    const { create, publish, revoke, deps, tenant } = await catalog();
    const usual = async () => (await readPlaybook(deps, { id: 'p', tenant })).version;
    expect(await codeOf(usual())).toBe('PLAYBOOK_NOT_FOUND');
    for (const version of ['9', '10', '11']) await create(version);
    expect(await usual()).toBe('11');
    await publish('9', 'verified');
    await publish('10', 'canary');
    expect(await usual()).toBe('10');
    await publish('9', 'active');
    expect(await usual()).toBe('9');
    await revoke('9');
    expect(await usual()).toBe('10');
  });

  it('comes in pages', async () => {
    const { create, deps, tenant } = await catalog();
    for (const version of ['1', '2', '3']) await create(version);
    await create('1', { playbook_id: 'q' });
    const first = await listPlaybooks(deps, { tenant, limit: 3 });
    expect(first.items.map(({ playbook_id, version }) => `${playbook_id} ${version}`)).toEqual(['p 1', 'p 2', 'p 3']);
    const { nextCursor } = first;
    if (nextCursor === undefined) throw new Error('there is another page');
    expect(await listPlaybooks(deps, { tenant, limit: 3, cursor: nextCursor })).toEqual({ items: [expect.objectContaining({ playbook_id: 'q' })] });
    expect((await listPlaybooks(deps, { tenant, id: 'q' })).items).toHaveLength(1);
    for (const limit of [0, 201, 1.5]) expect(await codeOf(listPlaybooks(deps, { tenant, limit }))).toBe('USAGE');
  });
});

describe('what starts flows', () => {
  it('is a version that is released, under its digest', async () => {
    const { create, become, read, deps, tenant } = await catalog();
    await create('1');
    const { digest } = await read('1');
    const start = () => requireStartable(deps, { playbook_id: 'p', version: '1', digest }, tenant);
    expect(await codeOf(start())).toBe('PLAYBOOK_NOT_STARTABLE');
    for (const state of ['verified', 'canary', 'active'] as const) {
      await become('1', state);
      expect(await start()).toMatchObject({ state, manifest: { title: 'P' } });
    }
    await become('1', 'revoked');
    expect(await codeOf(start())).toBe('PLAYBOOK_NOT_STARTABLE');
  });

  it('is refused when one byte of what is stored is another', async () => {
    const { create, publish, deps, tenant } = await catalog();
    const { playbook } = await create('1');
    await publish('1', 'active');
    const key = playbookKey(tenant, 'p', '1');
    const stored = await deps.records.get(PLAYBOOK_KIND.name, key);
    const flipped = JSON.parse(JSON.stringify(stored?.value).replace('to be kept', 'to be kepu')) as JsonValue;
    await deps.records.write([{ kind: PLAYBOOK_KIND.name, key, value: flipped }]);
    const start = requireStartable(deps, { playbook_id: 'p', version: '1', digest: playbook.digest }, tenant);
    await expect(start).rejects.toMatchObject({ code: 'PLAYBOOK_DIGEST_MISMATCH', details: { digest: expect.not.stringMatching(playbook.digest) as string } });
    expect(await codeOf(publish('1', 'verified'))).toBe('PLAYBOOK_DIGEST_MISMATCH');
  });
});
