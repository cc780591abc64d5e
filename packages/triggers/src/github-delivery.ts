import type { JsonValue } from '@kb-labs/contracts';

import { type Delivery, namesOf, present, type ReceivedRequest } from './delivery.js';
import { firstText, textAt, valueAt } from './json-path.js';
import { pushedPaths } from './pushed-paths.js';
import { headerOf } from './request-headers.js';

/** GitHub lists at most so many commits of a push. */
const COMMITS = 2_048;

/** "Webhook events and payloads" in GitHub's documentation. */
export function readGitHub({ headers, body }: ReceivedRequest): Delivery | undefined {
  const event = headerOf(headers, 'x-github-event');
  if (event === undefined) return undefined;
  return present<Delivery>({
    event,
    action: textAt(body, 'action'),
    delivery: headerOf(headers, 'x-github-delivery'),
    actor: firstText(body, ['sender', 'login'], ['pusher', 'name']),
    ...(event === 'push' ? pushOf(body) : subjectOf(event, body)),
  });
}

function pushOf(body: JsonValue): Partial<Delivery> {
  const ref = textAt(body, 'ref');
  const names = namesOf(ref);
  if (valueAt(body, 'deleted') === true) return present<Partial<Delivery>>({ ref, ...names });
  return present<Partial<Delivery>>({ ref, ...names, sha: textAt(body, 'after'), paths: pushedPaths(valueAt(body, 'commits'), { atMost: COMMITS }), isPush: true });
}

/** The branch, tag and commit that other events are about; of a pull request those it comes from. */
function subjectOf(event: string, body: JsonValue): Partial<Delivery> {
  const ref = textAt(body, 'ref');
  switch (event) {
    case 'create':
    case 'delete':
      return present<Partial<Delivery>>({ ref, branch: textAt(body, 'ref_type') === 'branch' ? ref : undefined, tag: textAt(body, 'ref_type') === 'tag' ? ref : undefined });
    case 'release':
      return present<Partial<Delivery>>({ tag: textAt(body, 'release', 'tag_name') });
    case 'workflow_dispatch':
      return namesOf(ref);
    case 'status':
      return present<Partial<Delivery>>({ sha: textAt(body, 'sha') });
    default:
      return present<Partial<Delivery>>({
        branch: firstText(body, ['pull_request', 'head', 'ref'], ...SUBJECTS.map((subject) => [...subject, 'head_branch']), ['deployment', 'ref']),
        sha: firstText(body, ['pull_request', 'head', 'sha'], ...SUBJECTS.map((subject) => [...subject, 'head_sha']), ['deployment', 'sha'], ['merge_group', 'head_sha'], ['comment', 'commit_id']),
      });
  }
}

const SUBJECTS = [['workflow_run'], ['workflow_job'], ['check_suite'], ['check_run'], ['check_run', 'check_suite']];
