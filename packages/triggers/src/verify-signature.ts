import { LIMITS, type WebhookSource } from '@kb-labs/contracts';
import { assertNever } from '@kb-labs/errors';

import { base64Digest, concat, fromBase64, hexDigest, utf8 } from './encodings.js';
import { headerOf, type RequestHeaders } from './request-headers.js';

/** How a sender signs. An entry of `on.webhook` is one. */
export type SignatureScheme =
  | { readonly source: Exclude<WebhookSource, 'generic'> }
  | { readonly source: 'generic'; readonly 'signature-header': string; readonly 'signature-prefix'?: string | undefined };

/** A request as it came, before anything of its body is read. */
export interface SignedRequest {
  readonly headers: RequestHeaders;
  readonly rawBody: Uint8Array;
  /** Values of the secrets that can have been used: several while one is replaced. Empty ones do not count. */
  readonly secrets: readonly string[];
  readonly now: number;
  readonly hmac: (algorithm: 'sha256', key: Uint8Array, data: Uint8Array) => Uint8Array;
  /** Compares bytes of the same length in the same time, whatever they are. */
  readonly equal: (a: Uint8Array, b: Uint8Array) => boolean;
}

/** `unsigned`: the headers are missing. `expired`: the time that was signed is too far from now. */
export type SignatureProblem = 'no-secret' | 'unsigned' | 'malformed' | 'expired' | 'mismatch';
export type SignatureResult = { readonly ok: true } | { readonly ok: false; readonly reason: SignatureProblem };

/** Whether a request was signed with one of the secrets. What is wrong about the signature itself is not told. */
export function verifySignature(scheme: SignatureScheme, request: SignedRequest): SignatureResult {
  const secrets = request.secrets.filter((secret) => secret !== '');
  if (secrets.length === 0) return refused('no-secret');
  const signed = { ...request, secrets };
  switch (scheme.source) {
    case 'github':
      return verifyBody(signed, { header: 'x-hub-signature-256', prefix: 'sha256=' });
    case 'gitlab':
      return verifyGitLab(signed);
    case 'slack':
      return verifySlack(signed);
    case 'stripe':
      return verifyStripe(signed);
    case 'standard-webhooks':
      return verifyStandard(signed);
    case 'generic':
      return verifyBody(signed, { header: scheme['signature-header'], prefix: scheme['signature-prefix'] ?? '', base64: true });
    default:
      return assertNever(scheme);
  }
}

/**
 * HMAC-SHA256 of the body in one header, after a prefix. GitHub's: "Validating webhook deliveries" in its documentation,
 * `X-Hub-Signature-256: sha256=<hex>`. Others write Base64, which cannot be taken for hex.
 */
function verifyBody(request: SignedRequest, form: { header: string; prefix: string; base64?: boolean }): SignatureResult {
  const header = headerOf(request.headers, form.header);
  if (header === undefined) return refused('unsigned');
  const written = header.startsWith(form.prefix) ? header.slice(form.prefix.length) : '';
  const digest = hexDigest(written) ?? (form.base64 === true ? base64Digest(written) : undefined);
  return digest === undefined ? refused('malformed') : compare(request, { keys: request.secrets.map(utf8), data: request.rawBody, digests: [digest] });
}

/**
 * GitLab sends the secret itself in `X-Gitlab-Token` ("Webhooks" in its documentation), or, for a hook with a signing
 * token (`whsec_…`), signs as Standard Webhooks does. Digests of the tokens are compared: they have one length.
 */
function verifyGitLab(request: SignedRequest): SignatureResult {
  if (headerOf(request.headers, 'webhook-signature') !== undefined) return verifyStandard(request);
  const tokens = request.secrets.filter((secret) => !secret.startsWith('whsec_'));
  const token = headerOf(request.headers, 'x-gitlab-token');
  if (token === undefined || tokens.length === 0) return refused('unsigned');
  let found = false;
  for (const secret of tokens) {
    const key = utf8(secret);
    found = request.equal(request.hmac('sha256', key, utf8(token)), request.hmac('sha256', key, key)) || found;
  }
  return found ? { ok: true } : refused('mismatch');
}

/** "Verifying requests from Slack": `X-Slack-Signature: v0=<hex>` of `v0:<X-Slack-Request-Timestamp>:<body>`. */
function verifySlack(request: SignedRequest): SignatureResult {
  const timestamp = headerOf(request.headers, 'x-slack-request-timestamp');
  const signature = headerOf(request.headers, 'x-slack-signature');
  if (timestamp === undefined || signature === undefined) return refused('unsigned');
  const digest = signature.startsWith('v0=') ? hexDigest(signature.slice('v0='.length)) : undefined;
  if (digest === undefined) return refused('malformed');
  const age = checkTime(timestamp, request.now);
  if (age !== undefined) return refused(age);
  return compare(request, { keys: request.secrets.map(utf8), data: concat(utf8(`v0:${timestamp}:`), request.rawBody), digests: [digest] });
}

/** "Verify webhook signatures manually" in Stripe's documentation: `Stripe-Signature: t=<seconds>,v1=<hex>[,v1=<hex>…]` of `<seconds>.<body>`. */
function verifyStripe(request: SignedRequest): SignatureResult {
  const header = headerOf(request.headers, 'stripe-signature');
  if (header === undefined) return refused('unsigned');
  if (!/^[a-z]\w*=[^,\s]*(?:,[a-z]\w*=[^,\s]*)*$/.test(header)) return refused('malformed');
  const parts = header.split(',').map((part) => part.split('='));
  const times = parts.filter(([name]) => name === 't').map(([, ...value]) => value.join('='));
  const digests = digestsOf(parts.filter(([name]) => name === 'v1').map(([, ...value]) => value.join('=')), hexDigest);
  const [timestamp] = times;
  if (timestamp === undefined || times.length > 1 || digests === undefined) return refused('malformed');
  const age = checkTime(timestamp, request.now);
  if (age !== undefined) return refused(age);
  return compare(request, { keys: request.secrets.map(utf8), data: concat(utf8(`${timestamp}.`), request.rawBody), digests });
}

/**
 * Standard Webhooks 1.0.0: `webhook-signature: v1,<base64>[ v1,<base64>…]` of `<webhook-id>.<webhook-timestamp>.<body>`;
 * the key is what the Base64 after `whsec_` stands for. Signatures of other kinds (`v1a`) are passed over.
 */
function verifyStandard(request: SignedRequest): SignatureResult {
  const [id, timestamp, signature] = ['webhook-id', 'webhook-timestamp', 'webhook-signature'].map((name) => headerOf(request.headers, name));
  if (id === undefined || timestamp === undefined || signature === undefined) return refused('unsigned');
  const digests = digestsOf(signature.split(' ').filter((one) => one.startsWith('v1,')).map((one) => one.slice('v1,'.length)), base64Digest);
  if (digests === undefined) return refused('malformed');
  const age = checkTime(timestamp, request.now);
  if (age !== undefined) return refused(age);
  const keys = request.secrets.flatMap((secret) => fromBase64(secret.replace(/^whsec_/, '')) ?? []);
  if (keys.length === 0) return refused('no-secret');
  return compare(request, { keys, data: concat(utf8(`${id}.${timestamp}.`), request.rawBody), digests });
}

/** As many as there can be secrets; `undefined` when there are none, more, or one is none. */
function digestsOf(written: readonly string[], read: (text: string) => Uint8Array | undefined): readonly Uint8Array[] | undefined {
  const digests = written.flatMap((one) => read(one) ?? []);
  return digests.length === 0 || digests.length !== written.length || digests.length > LIMITS.webhookSecrets ? undefined : digests;
}

/** Seconds since the epoch, not too far from now on either side. */
function checkTime(seconds: string, now: number): 'malformed' | 'expired' | undefined {
  if (!/^[1-9]\d{0,10}$/.test(seconds)) return 'malformed';
  return Math.abs(now - Number(seconds) * 1_000) > LIMITS.signatureAgeMs ? 'expired' : undefined;
}

/** Every digest is compared for every key, whether or not one has fitted: the time taken says nothing. */
function compare(request: SignedRequest, signed: { keys: readonly Uint8Array[]; data: Uint8Array; digests: readonly Uint8Array[] }): SignatureResult {
  let found = false;
  for (const key of signed.keys) {
    const expected = request.hmac('sha256', key, signed.data);
    for (const digest of signed.digests) found = request.equal(expected, digest) || found;
  }
  return found ? { ok: true } : refused('mismatch');
}

function refused(reason: SignatureProblem): SignatureResult {
  return { ok: false, reason };
}
