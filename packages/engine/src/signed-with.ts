import { createHmac, timingSafeEqual } from 'node:crypto';

import type { Webhook, WebhookSource } from '@kb-labs/contracts';
import { fromUnknown } from '@kb-labs/errors';
import { type RequestHeaders, type SignatureProblem, type SignatureScheme, verifySignature } from '@kb-labs/triggers';

import type { EngineDeps, TriggerSettings } from './deps.js';
import type { FoundListener } from './find-listeners.js';

/** How a sender signs, with a secret by its name. */
export interface Seal {
  readonly scheme: SignatureScheme;
  readonly secret: string;
}

/** Names a seal: two entries that mean the same have the same. */
export type SealName = string;

export interface SignedBy {
  readonly seals: ReadonlySet<SealName>;
  /** Why there are none. */
  readonly problem: SignatureProblem | undefined;
  /** Names of secrets whose value is not there. */
  readonly missing: readonly string[];
}

interface Request {
  readonly headers: RequestHeaders;
  readonly rawBody: Uint8Array;
}

/** Which of the seals a request carries: every one is tried, on the bytes as they came. */
export async function signedWith(deps: Pick<EngineDeps, 'secrets' | 'clock' | 'logger'>, seals: readonly Seal[], request: Request): Promise<SignedBy> {
  const found = new Set<SealName>();
  const missing = new Set<string>();
  let problem: SignatureProblem = 'no-secret';
  const now = deps.clock.now();
  for (const [name, { scheme, secret }] of new Map(seals.map((seal) => [nameOf(seal), seal]))) {
    const value = await valueOf(deps, secret);
    if (value === undefined) missing.add(secret);
    const result = verifySignature(scheme, { ...request, secrets: value === undefined ? [] : [value], now, hmac, equal: timingSafeEqual });
    if (result.ok) found.add(name);
    else if (result.reason !== 'no-secret') problem = result.reason;
  }
  return { seals: found, problem: found.size > 0 ? undefined : problem, missing: [...missing] };
}

/** Those of the workflows that listen to a sender, and of the repository. */
export function sealsOf(source: WebhookSource, listeners: readonly FoundListener[], repository: TriggerSettings['repository']): Seal[] {
  const ofWorkflows = listeners.flatMap(({ on }) => webhooksOf(on, source).flatMap(sealsOfWebhook));
  return repository?.source === source ? [...ofWorkflows, ...sealsOfRepository(repository)] : ofWorkflows;
}

export function webhooksOf({ webhook }: FoundListener['on'], source: WebhookSource): Webhook[] {
  const all = webhook === undefined ? [] : Array.isArray(webhook) ? webhook : [webhook];
  return all.filter((one) => one.source === source);
}

export function isSealedFor(webhook: Webhook, seals: ReadonlySet<SealName>): boolean {
  return sealsOfWebhook(webhook).some((seal) => seals.has(nameOf(seal)));
}

export function isSealedForRepository(repository: TriggerSettings['repository'], source: WebhookSource, seals: ReadonlySet<SealName>): boolean {
  return repository?.source === source && sealsOfRepository(repository).some((seal) => seals.has(nameOf(seal)));
}

function sealsOfWebhook(webhook: Webhook): Seal[] {
  const scheme: SignatureScheme =
    webhook.source === 'generic' ? { source: 'generic', 'signature-header': webhook['signature-header'], 'signature-prefix': webhook['signature-prefix'] } : { source: webhook.source };
  return [webhook.secret].flat().map((secret) => ({ scheme, secret }));
}

function sealsOfRepository({ source, secrets }: NonNullable<TriggerSettings['repository']>): Seal[] {
  return secrets.map((secret) => ({ scheme: { source }, secret }));
}

function nameOf({ scheme, secret }: Seal): SealName {
  const how = scheme.source === 'generic' ? [scheme['signature-header'].toLowerCase(), scheme['signature-prefix'] ?? ''] : [];
  return [scheme.source, ...how, secret].join(' ');
}

/** A secret that cannot be had is as good as none: the delivery is refused, and the reason is in the log. */
async function valueOf({ secrets, logger }: Pick<EngineDeps, 'secrets' | 'logger'>, name: string): Promise<string | undefined> {
  try {
    return await secrets?.get(name);
  } catch (thrown) {
    logger.error('the secret of a webhook cannot be read', { name, problem: fromUnknown(thrown).message });
    return undefined;
  }
}

function hmac(algorithm: 'sha256', key: Uint8Array, data: Uint8Array): Uint8Array {
  return createHmac(algorithm, key).update(data).digest();
}
