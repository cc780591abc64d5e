import type { JsonValue } from '@kb-labs/contracts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { type DeliveryForm, readDelivery } from './read-delivery.js';
import type { RequestHeaders } from './request-headers.js';

const SHA = '6dcb09b5b57875f334f61aebed695e2e4193db5e';
const GONE = '0'.repeat(40);

describe('a delivery of github', () => {
  const read = (event: string, body: JsonValue) => readDelivery({ source: 'github' }, { headers: { 'x-github-event': event, 'x-github-delivery': 'd-1' }, body });
  const commit = { added: ['a.ts'], modified: ['b.ts'], removed: [] };

  it('push to a branch: what it touched in all its commits, each once', () => {
    const body = { ref: 'refs/heads/feature/x', after: SHA, deleted: false, commits: [commit, { added: [], modified: ['b.ts'], removed: ['c.ts'] }], sender: { login: 'ada' } };
    expect(read('push', body)).toEqual({
      event: 'push',
      delivery: 'd-1',
      actor: 'ada',
      ref: 'refs/heads/feature/x',
      branch: 'feature/x',
      sha: SHA,
      paths: ['a.ts', 'b.ts', 'c.ts'],
      isPush: true,
    });
  });

  it('push of a tag', () => {
    expect(read('push', { ref: 'refs/tags/v1.0', after: SHA, deleted: false, commits: [], pusher: { name: 'grace' } })).toMatchObject({ tag: 'v1.0', actor: 'grace', isPush: true });
  });

  it('deletion of a branch is no push', () => {
    const found = read('push', { ref: 'refs/heads/x', after: GONE, deleted: true, commits: [] });
    expect(found).toEqual({ event: 'push', delivery: 'd-1', ref: 'refs/heads/x', branch: 'x' });
  });

  it('push with more commits than are listed, or a list that is none: the files are not known', () => {
    const many = Array.from({ length: 2_048 }, () => commit);
    expect(read('push', { ref: 'refs/heads/x', after: SHA, commits: many })).toMatchObject({ paths: 'unknown' });
    expect(read('push', { ref: 'refs/heads/x', after: SHA })).toMatchObject({ paths: 'unknown' });
    expect(read('push', { ref: 'refs/heads/x', after: SHA, commits: [{ id: 'a' }] })).toMatchObject({ paths: 'unknown' });
  });

  it.each<[string, JsonValue, object]>([
    ['pull_request', { action: 'opened', pull_request: { head: { ref: 'topic', sha: SHA } } }, { action: 'opened', branch: 'topic', sha: SHA }],
    ['workflow_run', { action: 'completed', workflow_run: { head_branch: 'main', head_sha: SHA } }, { action: 'completed', branch: 'main', sha: SHA }],
    ['check_run', { action: 'created', check_run: { head_sha: SHA, check_suite: { head_branch: 'main' } } }, { branch: 'main', sha: SHA }],
    ['release', { action: 'published', release: { tag_name: 'v1' } }, { tag: 'v1' }],
    ['create', { ref: 'v2', ref_type: 'tag' }, { tag: 'v2' }],
    ['delete', { ref: 'old', ref_type: 'branch' }, { branch: 'old' }],
    ['status', { sha: SHA }, { sha: SHA }],
    ['deployment', { action: 'created', deployment: { ref: 'main', sha: SHA } }, { branch: 'main', sha: SHA }],
    ['workflow_dispatch', { ref: 'refs/heads/main' }, { branch: 'main' }],
    ['commit_comment', { action: 'created', comment: { commit_id: SHA } }, { sha: SHA }],
    ['issues', { action: 'labeled' }, { action: 'labeled' }],
    ['ping', { zen: 'Keep it logically awesome.' }, {}],
  ])('%s', (event, body, expected) => {
    const found = read(event, body);
    expect(found).toMatchObject({ event, delivery: 'd-1', ...expected });
    expect(found?.isPush).toBeUndefined();
  });

  it('without an event says nothing', () => {
    expect(readDelivery({ source: 'github' }, { headers: {}, body: {} })).toBeUndefined();
  });
});

describe('a delivery of gitlab', () => {
  const read = (body: JsonValue, headers: RequestHeaders = {}) => readDelivery({ source: 'gitlab' }, { headers: { 'x-gitlab-event': 'Push Hook', 'x-gitlab-event-uuid': 'e', ...headers }, body });

  it('push, with all its commits', () => {
    const body = { object_kind: 'push', ref: 'refs/heads/main', after: SHA, checkout_sha: SHA, user_username: 'ada', total_commits_count: 1, commits: [{ added: ['a'], modified: [], removed: [] }] };
    expect(read(body)).toEqual({ event: 'push', delivery: 'e', actor: 'ada', ref: 'refs/heads/main', branch: 'main', sha: SHA, paths: ['a'], isPush: true });
    expect(read({ ...body, total_commits_count: 25 })).toMatchObject({ paths: 'unknown' });
  });

  it('deletion of a tag is no push', () => {
    expect(read({ object_kind: 'tag_push', ref: 'refs/tags/v1', after: GONE, commits: [] })).toEqual({ event: 'tag_push', delivery: 'e', ref: 'refs/tags/v1', tag: 'v1' });
  });

  it('merge request', () => {
    const body = { object_kind: 'merge_request', user: { username: 'ada' }, object_attributes: { action: 'open', source_branch: 'topic', last_commit: { id: SHA } } };
    expect(read(body)).toMatchObject({ event: 'merge_request', action: 'open', branch: 'topic', sha: SHA, actor: 'ada' });
  });

  it('pipeline of a tag', () => {
    expect(read({ object_kind: 'pipeline', object_attributes: { ref: 'v1', tag: true, sha: SHA } })).toMatchObject({ event: 'pipeline', tag: 'v1', sha: SHA });
  });

  it('has the id that stays the same when it is sent again', () => {
    const body = { object_kind: 'issue' };
    expect(read(body, { 'x-gitlab-webhook-uuid': 'h' })?.delivery).toBe('h:e');
    expect(read(body, { 'idempotency-key': 'k' })?.delivery).toBe('k');
    expect(read(body, { 'idempotency-key': 'k', 'webhook-id': 'w' })?.delivery).toBe('w');
  });

  it('is named by its header when its body does not say', () => {
    expect(read({})?.event).toBe('push');
    expect(read({}, { 'x-gitlab-event': 'Feature Flag Hook' })?.event).toBe('feature_flag');
  });
});

describe('a delivery of others', () => {
  it.each<[DeliveryForm, RequestHeaders, JsonValue, object | undefined]>([
    [{ source: 'slack' }, {}, { type: 'event_callback', event_id: 'Ev1', event: { type: 'message', subtype: 'bot_message', user: 'U1' } }, { event: 'message', action: 'bot_message', delivery: 'Ev1', actor: 'U1' }],
    [{ source: 'slack' }, {}, { command: '/deploy', trigger_id: 't', user_name: 'ada' }, { event: 'slash_command', action: 'deploy', delivery: 't', actor: 'ada' }],
    [{ source: 'slack' }, {}, { type: 'block_actions', trigger_id: 't', user: { username: 'ada' } }, { event: 'block_actions', delivery: 't', actor: 'ada' }],
    [{ source: 'slack' }, {}, { type: 'url_verification', challenge: 'x' }, { event: 'url_verification' }],
    [{ source: 'slack' }, {}, { type: 'event_callback' }, undefined],
    [{ source: 'stripe' }, {}, { id: 'evt_1', type: 'invoice.paid' }, { event: 'invoice.paid', delivery: 'evt_1' }],
    [{ source: 'stripe' }, {}, [], undefined],
    [{ source: 'standard-webhooks' }, { 'webhook-id': 'msg_1' }, { type: 'user.created' }, { event: 'user.created', delivery: 'msg_1' }],
    [{ source: 'generic' }, {}, 'anything', { event: 'message' }],
    [{ source: 'generic', 'event-header': 'X-Event', 'delivery-header': 'X-Id' }, { 'x-event': 'built', 'x-id': '7' }, { action: 'done' }, { event: 'built', action: 'done', delivery: '7' }],
    [{ source: 'generic', 'event-header': 'X-Event' }, {}, {}, undefined],
    [{ source: 'generic', 'delivery-header': 'X-Id' }, {}, {}, undefined],
    [{ source: 'stripe' }, {}, { id: 'evt_1', type: 'x'.repeat(129) }, undefined],
    [{ source: 'stripe' }, {}, { id: 'x'.repeat(257), type: 'x' }, undefined],
  ])('%j %j %j', (form, headers, body, expected) => {
    expect(readDelivery(form, { headers, body })).toEqual(expected);
  });

  it('never fails, whatever the body is', () => {
    const forms: DeliveryForm[] = [{ source: 'github' }, { source: 'gitlab' }, { source: 'slack' }, { source: 'stripe' }, { source: 'standard-webhooks' }, { source: 'generic' }];
    const keys = fc.constantFrom('ref', 'commits', 'added', 'sender', 'login', 'action', 'object_attributes', 'pull_request', 'head', 'event', 'type', '__proto__', 'deleted', 'after');
    const body = fc.letrec<{ value: JsonValue }>((tie) => ({
      value: fc.oneof({ depthSize: 'small' }, fc.constantFrom<JsonValue>(null, 1, true, 'refs/heads/x', ''), fc.array(tie('value'), { maxLength: 3 }), fc.dictionary(keys, tie('value'), { maxKeys: 5 })),
    })).value;
    fc.assert(
      fc.property(fc.constantFrom(...forms), body, (form, value) => {
        const found = readDelivery(form, { headers: { 'x-github-event': 'push', 'x-gitlab-event': 'Push Hook' }, body: value });
        for (const field of [found?.event, found?.action, found?.actor, found?.branch, found?.sha]) expect(['string', 'undefined']).toContain(typeof field);
      }),
      { numRuns: 500 },
    );
  });
});
