import type { JsonObject, Webhook } from '@kb-labs/contracts';
import { describe, expect, it } from 'vitest';

import { matchesEvent } from './matches-event.js';
import { scheduleTrigger } from './schedule-trigger.js';
import { type Incoming, type Listener, type ReceivedDelivery, startsFor } from './starts-for.js';

const SHA = '6dcb09b5b57875f334f61aebed695e2e4193db5e';

describe('a push that a hook of git has seen', () => {
  const push: Incoming = { kind: 'push', push: { ref: 'refs/heads/main', branch: 'main', paths: ['src/a.ts'] }, sha: SHA, actor: 'ada' };

  it('starts those whose filters it fits, and says why not of the others', () => {
    const workflows: Listener[] = [
      { id: 'every', on: { push: {} } },
      { id: 'docs', on: { push: { paths: ['docs/**'] } } },
      { id: 'tags', on: { push: { tags: ['v*'] } } },
      { id: 'manual', on: { manual: true } },
      { id: 'none' },
    ];
    expect(startsFor(push, workflows).map(({ workflowId, starts, reason }) => [workflowId, starts, reason])).toEqual([
      ['every', true, 'every branch is listened to'],
      ['docs', false, 'no file is in "paths"'],
      ['tags', false, 'only "tags" are listened to, and main is a branch'],
    ]);
  });

  it('gives the run what came', () => {
    const [decision] = startsFor(push, [{ id: 'every', on: { push: {} } }]);
    expect(decision).toEqual({
      workflowId: 'every',
      starts: true,
      reason: 'every branch is listened to',
      trigger: { type: 'push', actor: 'ada', payload: null, branch: 'main', tag: null, sha: SHA, paths: ['src/a.ts'], event: 'push' },
    });
  });

  it('does not start webhooks', () => {
    expect(startsFor(push, [{ id: 'hook', on: { webhook: { source: 'github', secret: 'A' } } }])).toEqual([]);
  });
});

describe('a delivery', () => {
  const hook: Webhook = { source: 'github', secret: 'A' };
  const body: JsonObject = { ref: 'refs/heads/main', after: SHA, deleted: false, commits: [{ added: ['src/a.ts'], modified: [], removed: [] }], sender: { login: 'ada' } };
  const delivery = (change: Partial<ReceivedDelivery> = {}): ReceivedDelivery => ({
    kind: 'delivery',
    source: 'github',
    headers: { 'x-github-event': 'push', 'x-github-delivery': 'd-1' },
    body,
    isSignedFor: ({ secret }) => secret === 'A',
    isFromRepository: true,
    ...change,
  });

  it('with a push starts those who listen to the push and those who listen to the webhook', () => {
    const decisions = startsFor(delivery(), [{ id: 'push', on: { push: { branches: ['main'] } } }, { id: 'hook', on: { webhook: hook } }]);
    expect(decisions.map((one) => (one.starts ? [one.workflowId, one.trigger] : []))).toEqual([
      ['push', { type: 'push', actor: 'ada', payload: body, branch: 'main', tag: null, sha: SHA, paths: ['src/a.ts'], event: 'push', delivery: 'd-1' }],
      ['hook', { type: 'webhook', actor: 'ada', payload: body, branch: 'main', tag: null, sha: SHA, paths: ['src/a.ts'], event: 'push', delivery: 'd-1' }],
    ]);
  });

  it('starts a workflow once that listens in several ways, and by the webhook when the filter of the push does not fit', () => {
    const both = (branch: string): Listener => ({ id: 'both', on: { push: { branches: [branch] }, webhook: [hook, { ...hook, events: ['push'] }] } });
    expect(startsFor(delivery(), [both('main')]).map((one) => one.starts && one.trigger.type)).toEqual(['push']);
    expect(startsFor(delivery(), [both('dev')]).map((one) => one.starts && one.trigger.type)).toEqual(['webhook']);
  });

  it('of a deleted branch is no push', () => {
    const gone = delivery({ body: { ...body, deleted: true } });
    expect(startsFor(gone, [{ id: 'push', on: { push: {} } }])).toEqual([]);
    expect(startsFor(gone, [{ id: 'hook', on: { webhook: hook } }])).toMatchObject([{ starts: true }]);
  });

  it('counts as a push only when it speaks for the repository', () => {
    expect(startsFor(delivery({ isFromRepository: false }), [{ id: 'push', on: { push: {} } }])).toEqual([]);
  });

  it('starts nothing that names other secrets', () => {
    const decisions = startsFor(delivery(), [{ id: 'hook', on: { webhook: { ...hook, secret: 'B' } } }]);
    expect(decisions).toEqual([{ workflowId: 'hook', starts: false, reason: 'it is not signed with the secret of this workflow' }]);
  });

  it('does not concern webhooks of other senders', () => {
    expect(startsFor(delivery(), [{ id: 'hook', on: { webhook: { source: 'gitlab', secret: 'A' } } }])).toEqual([]);
  });

  it('that is not listened to, or cannot be read, says so', () => {
    const workflow: Listener = { id: 'hook', on: { webhook: { ...hook, events: ['pull_request.opened'] } } };
    expect(startsFor(delivery(), [workflow])).toMatchObject([{ starts: false, reason: 'push is not listened to' }]);
    expect(startsFor(delivery({ headers: {} }), [workflow])).toMatchObject([{ starts: false, reason: 'it does not say what happened as github does' }]);
  });

  it('of a generic sender is read by each workflow in its own way', () => {
    const generic = delivery({ source: 'generic', headers: { 'x-a': 'built', 'x-b': 'tested' }, body: null });
    const form = { source: 'generic', secret: 'A', 'signature-header': 'x-s' } as const;
    const decisions = startsFor(generic, [
      { id: 'a', on: { webhook: { ...form, 'event-header': 'X-A' } } },
      { id: 'b', on: { webhook: { ...form, 'event-header': 'X-B' } } },
    ]);
    expect(decisions.map((one) => one.starts && one.trigger.event)).toEqual(['built', 'tested']);
  });
});

describe('the events a webhook listens to', () => {
  it.each<[Webhook['source'], string[] | undefined, string, string | undefined, boolean]>([
    ['github', undefined, 'issues', 'opened', true],
    ['github', undefined, 'ping', undefined, false],
    ['github', ['ping'], 'ping', undefined, true],
    ['github', ['*'], 'ping', undefined, true],
    ['slack', undefined, 'url_verification', undefined, false],
    ['slack', undefined, 'ping', undefined, true],
    ['github', ['pull_request'], 'pull_request', 'closed', true],
    ['github', ['pull_request.opened'], 'pull_request', 'opened', true],
    ['github', ['pull_request.opened'], 'pull_request', 'closed', false],
    ['github', ['pull_request.opened'], 'pull_request', undefined, false],
    ['github', ['pull_request.*'], 'pull_request', 'closed', true],
    ['github', ['pull_request.*'], 'pull_request_review', 'submitted', false],
    ['github', ['pull'], 'pull_request', 'opened', false],
    ['github', ['Pull_request'], 'pull_request', 'opened', false],
    ['github', ['issues', 'push'], 'push', undefined, true],
    ['stripe', ['invoice.*'], 'invoice.paid', undefined, true],
    ['stripe', ['invoice.paid'], 'invoice.paid', undefined, true],
    ['stripe', ['invoice'], 'invoice.paid', undefined, false],
    ['stripe', ['customer.*'], 'customer.subscription.created', undefined, true],
  ])('%s %j: %s %s is %s', (source, events, event, action, expected) => {
    const webhook = { source, ...(events === undefined ? {} : { events }) };
    expect(matchesEvent(webhook, { event, ...(action === undefined ? {} : { action }) })).toBe(expected);
  });
});

describe('the time of a schedule', () => {
  it('tells the run which one it was', () => {
    const trigger = scheduleTrigger({ cron: '0 9 * * *' }, Date.parse('2026-01-05T09:00:00Z'));
    expect(trigger).toEqual({ type: 'schedule', actor: 'schedule', payload: null, branch: null, tag: null, sha: null, schedule: { cron: '0 9 * * *', timezone: 'UTC', at: '2026-01-05T09:00:00.000Z' } });
  });
});
