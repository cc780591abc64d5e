import type { JsonValue } from '@kb-labs/contracts';

import { type Delivery, namesOf, present, type ReceivedRequest } from './delivery.js';
import { firstText, textAt, valueAt } from './json-path.js';
import { pushedPaths } from './pushed-paths.js';
import { headerOf } from './request-headers.js';

/** GitLab lists at most 20 commits of a push, and says how many there are. */
const COMMITS = 21;
const NO_COMMIT = /^0+$/;

/**
 * "Webhook events" in GitLab's documentation. The event is the kind of object (`merge_request`), or what the header
 * `X-Gitlab-Event` says in the same form. One event goes to several hooks: its id counts with the hook's.
 */
export function readGitLab({ headers, body }: ReceivedRequest): Delivery | undefined {
  const event = firstText(body, ['object_kind'], ['event_name']) ?? headerOf(headers, 'x-gitlab-event')?.replace(/ Hook$/, '').toLowerCase().replaceAll(' ', '_');
  if (event === undefined) return undefined;
  return present<Delivery>({
    event,
    action: textAt(body, 'object_attributes', 'action'),
    delivery: headerOf(headers, 'webhook-id') ?? headerOf(headers, 'idempotency-key') ?? eventId(headers),
    actor: firstText(body, ['user_username'], ['user', 'username'], ['user_name']),
    ...(event === 'push' || event === 'tag_push' ? pushOf(body) : subjectOf(body)),
  });
}

function eventId(headers: ReceivedRequest['headers']): string | undefined {
  const id = headerOf(headers, 'x-gitlab-event-uuid');
  const hook = headerOf(headers, 'x-gitlab-webhook-uuid');
  return id === undefined || hook === undefined ? id : `${hook}:${id}`;
}

function pushOf(body: JsonValue): Partial<Delivery> {
  const ref = textAt(body, 'ref');
  const after = textAt(body, 'after');
  const names = namesOf(ref);
  if (after === undefined || NO_COMMIT.test(after)) return present<Partial<Delivery>>({ ref, ...names });
  const total = valueAt(body, 'total_commits_count');
  const paths = pushedPaths(valueAt(body, 'commits'), { atMost: COMMITS, ...(typeof total === 'number' ? { total } : {}) });
  return present<Partial<Delivery>>({ ref, ...names, sha: textAt(body, 'checkout_sha') ?? after, paths, isPush: true });
}

/** The branch, tag and commit that other events are about; of a merge request those it comes from. */
function subjectOf(body: JsonValue): Partial<Delivery> {
  const isTag = valueAt(body, 'object_attributes', 'tag') === true;
  const ref = textAt(body, 'object_attributes', 'ref');
  return present<Partial<Delivery>>({
    branch: firstText(body, ['object_attributes', 'source_branch'], ['merge_request', 'source_branch']) ?? (isTag ? undefined : ref),
    tag: (isTag ? ref : undefined) ?? textAt(body, 'tag'),
    sha: firstText(body, ['object_attributes', 'last_commit', 'id'], ['object_attributes', 'sha'], ['merge_request', 'last_commit', 'id'], ['commit', 'id']),
  });
}
