import { createHmac, timingSafeEqual } from 'node:crypto';

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { type SignatureScheme, type SignedRequest, verifySignature } from './verify-signature.js';

const NOW = Date.parse('2026-01-05T09:00:00Z');
const SECONDS = String(NOW / 1_000);
const BODY = '{"type":"invoice.paid","id":"evt_1","amount":5}';
const SECRET = 'a secret of some length';
const KEY = Buffer.from('twenty-four bytes of key');
const WHSEC = `whsec_${KEY.toString('base64')}`;
const OTHER = 'the secret of another';

interface Sender {
  readonly name: string;
  readonly scheme: SignatureScheme;
  readonly secret: string;
  /** The header with the signature. */
  readonly header: string;
  /** The header or the part of one with the time, when it is signed. */
  readonly time?: string;
  sign(sent: { body: string; secret: string; seconds: string }): Record<string, string>;
}

const SENDERS: readonly Sender[] = [
  { name: 'github', scheme: { source: 'github' }, secret: SECRET, header: 'x-hub-signature-256', sign: ({ body, secret }) => ({ 'x-hub-signature-256': `sha256=${hex(secret, body)}` }) },
  { name: 'gitlab', scheme: { source: 'gitlab' }, secret: WHSEC, header: 'webhook-signature', time: 'webhook-timestamp', sign: standard },
  {
    name: 'slack',
    scheme: { source: 'slack' },
    secret: SECRET,
    header: 'x-slack-signature',
    time: 'x-slack-request-timestamp',
    sign: ({ body, secret, seconds }) => ({ 'x-slack-request-timestamp': seconds, 'x-slack-signature': `v0=${hex(secret, `v0:${seconds}:${body}`)}` }),
  },
  {
    name: 'stripe',
    scheme: { source: 'stripe' },
    secret: SECRET,
    header: 'stripe-signature',
    time: 'stripe-signature',
    sign: ({ body, secret, seconds }) => ({ 'stripe-signature': `t=${seconds},v1=${hex(secret, `${seconds}.${body}`)}` }),
  },
  { name: 'standard-webhooks', scheme: { source: 'standard-webhooks' }, secret: WHSEC, header: 'webhook-signature', time: 'webhook-timestamp', sign: standard },
  {
    name: 'generic',
    scheme: { source: 'generic', 'signature-header': 'X-Signature', 'signature-prefix': 'hmac ' },
    secret: SECRET,
    header: 'x-signature',
    sign: ({ body, secret }) => ({ 'x-signature': `hmac ${hex(secret, body)}` }),
  },
];

type Manipulate = (request: SignedRequest, sender: Sender) => SignedRequest;

/** What an attacker, or a proxy that means well, can do to any of them. */
const MANIPULATIONS: Readonly<Record<string, Manipulate>> = {
  'one bit of the body': (request) => ({ ...request, rawBody: Uint8Array.from(request.rawBody, (byte, index) => (index === 9 ? byte ^ 1 : byte)) }),
  'a body that is cut': (request) => ({ ...request, rawBody: request.rawBody.slice(0, -1) }),
  'a body with a line end added': (request) => ({ ...request, rawBody: bytes(`${BODY}\n`) }),
  'a body written anew': (request) => ({ ...request, rawBody: bytes(JSON.stringify(JSON.parse(BODY), null, 1)) }),
  'no body': (request) => ({ ...request, rawBody: new Uint8Array() }),
  'another secret': (request, { secret }) => ({ ...request, secrets: [secret === WHSEC ? `whsec_${Buffer.from(OTHER).toString('base64')}` : OTHER] }),
  'the start of the secret': (request, { secret }) => ({ ...request, secrets: [secret.slice(0, -4)] }),
  'no secret': (request) => ({ ...request, secrets: [] }),
  'an empty secret, signed with it': (_request, sender) => ({ ...signed(sender, { secret: '' }), secrets: [''] }),
  'signed with another secret': (request, sender) => ({ ...signed(sender, { secret: OTHER }), secrets: request.secrets }),
  'no headers': (request) => ({ ...request, headers: {} }),
  'an empty signature': (request, { header }) => withHeader(request, header, () => ''),
  'the signature twice': (request, { header }) => ({ ...request, headers: { ...request.headers, [header]: [String(request.headers[header]), String(request.headers[header])] } }),
  'the signature joined to itself': (request, { header }) => withHeader(request, header, (value) => `${value}, ${value}`),
  'a signature that is cut': (request, { header }) => withHeader(request, header, (value) => value.slice(0, -2)),
  'a signature that goes on': (request, { header }) => withHeader(request, header, (value) => `${value}00`),
  'one character of the signature': (request, { header }) => withHeader(request, header, (value) => value.replace(/.(?=.{10}$)/, (one) => (one === 'a' ? 'b' : 'a'))),
  'the signature without what stands before it': (request, { header }) => withHeader(request, header, (value) => value.replace(/^.*(?:v1=|v0=|v1,|sha256=|hmac )/, '')),
  'another version of the signature': (request, { header }) => withHeader(request, header, (value) => value.replace(/v1|v0|sha256|hmac /, (version) => ({ v1: 'v2', v0: 'v1', sha256: 'sha1' })[version] ?? 'hmac')),
  'the signature of another body': (request, sender) => ({ ...request, headers: signed(sender, { body: '{}' }).headers }),
  'a digest of the body without a key': (request, { header }) => withHeader(request, header, (value) => value.replace(/[0-9a-f]{64}|[A-Za-z0-9+/]{43}=/, hex('', BODY))),
  'the header under another name': ({ headers, ...request }, { header }) => ({ ...request, headers: { ...headers, [header]: undefined, [`${header}-2`]: headers[header] } }),
};

/** What can be done about the time, where it is signed. */
const ABOUT_TIME: Readonly<Record<string, Manipulate>> = {
  'sent again after more than five minutes': (request) => ({ ...request, now: NOW + 301_000 }),
  'from more than five minutes ahead': (request) => ({ ...request, now: NOW - 301_000 }),
  'a newer time': (request, sender) => atTime({ ...request, now: NOW + 301_000 }, sender, String(Number(SECONDS) + 301)),
  'no time': (request, sender) => atTime(request, sender, ''),
  'a time that is no number': (request, sender) => atTime(request, sender, 'NaN'),
  'a time with a fraction': (request, sender) => atTime(request, sender, `${SECONDS}.0`),
  'a time with a sign': (request, sender) => atTime(request, sender, `+${SECONDS}`),
  'a time in milliseconds': (request, sender) => atTime(request, sender, String(NOW)),
};

const CASES = SENDERS.flatMap((sender) =>
  Object.entries(sender.time === undefined ? MANIPULATIONS : { ...MANIPULATIONS, ...ABOUT_TIME }).map(([what, manipulate]) => ({ name: sender.name, what, sender, manipulate })),
);

describe('a signature', () => {
  it('is manipulated in at least twenty ways for each of six senders', () => {
    for (const { name } of SENDERS) expect(CASES.filter((one) => one.name === name).length).toBeGreaterThanOrEqual(20);
    expect(SENDERS).toHaveLength(6);
  });

  it.each(SENDERS)('of $name holds as it was sent', (sender) => {
    expect(verifySignature(sender.scheme, signed(sender, {}))).toEqual({ ok: true });
  });

  it.each(CASES)('of $name does not hold: $what', ({ sender, manipulate }) => {
    const result = verifySignature(sender.scheme, manipulate(signed(sender, {}), sender));
    expect(result.ok).toBe(false);
  });

  it.each(CASES)('of $name, $what: each is a change of what was sent', ({ sender, manipulate }) => {
    const { hmac: _hmac, equal: _equal, ...before } = signed(sender, {});
    const { hmac: _hmac2, equal: _equal2, ...after } = manipulate(signed(sender, {}), sender);
    expect(after).not.toEqual(before);
  });

  it.each(SENDERS)('of $name holds for one of several secrets, whichever it is', (sender) => {
    const request = signed(sender, {});
    expect(verifySignature(sender.scheme, { ...request, secrets: [OTHER, sender.secret] })).toEqual({ ok: true });
    expect(verifySignature(sender.scheme, { ...request, secrets: ['', sender.secret, OTHER] })).toEqual({ ok: true });
  });

  it.each(SENDERS)('of $name is refused with a word that says nothing of its bytes', (sender) => {
    const { header, scheme } = sender;
    const changed = Array.from({ length: 20 }, (_, index) => withHeader(signed(sender, {}), header, (value) => swap(value, value.length - 3 - index)));
    expect(changed.map((request) => verifySignature(scheme, request))).toEqual(changed.map(() => ({ ok: false, reason: 'mismatch' })));
  });

  it.each(SENDERS.filter((sender) => sender.time !== undefined))('of $name holds for five minutes, on either side', (sender) => {
    expect(verifySignature(sender.scheme, { ...signed(sender, {}), now: NOW + 300_000 }).ok).toBe(true);
    expect(verifySignature(sender.scheme, { ...signed(sender, {}), now: NOW - 300_000 }).ok).toBe(true);
    expect(verifySignature(sender.scheme, { ...signed(sender, {}), now: NOW + 300_001 })).toEqual({ ok: false, reason: 'expired' });
  });

  it('is never made up from what is sent, and never makes the check fail', () => {
    const names = fc.constantFrom('x-hub-signature-256', 'x-gitlab-token', 'webhook-id', 'webhook-timestamp', 'webhook-signature', 'x-slack-signature', 'x-slack-request-timestamp', 'stripe-signature', 'x-signature');
    const values = fc.oneof(fc.string({ maxLength: 80 }), fc.constantFrom(SECONDS, `t=${SECONDS},v1=${'0'.repeat(64)}`, `sha256=${'f'.repeat(64)}`, `v0=${'0'.repeat(64)}`, `v1,${'A'.repeat(43)}=`, 'v1,', 't=,v1=', 'hmac '));
    fc.assert(
      fc.property(fc.constantFrom(...SENDERS), fc.dictionary(names, values), (sender, headers) => {
        expect(verifySignature(sender.scheme, { ...signed(sender, {}), headers }).ok).toBe(false);
      }),
      { numRuns: 500 },
    );
  });

  it('is compared in constant time for every secret, also after one has fitted', () => {
    for (const sender of SENDERS) {
      let compared = 0;
      const request = signed(sender, {});
      const counting = { ...request, secrets: [sender.secret, sender.secret, sender.secret], equal: (a: Uint8Array, b: Uint8Array) => (compared += 1) > 0 && request.equal(a, b) };
      expect(verifySignature(sender.scheme, counting).ok).toBe(true);
      expect(compared).toBe(3);
    }
  });
});

describe('what senders publish', () => {
  it('github: the example of its documentation', () => {
    const headers = { 'x-hub-signature-256': 'sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17' };
    expect(verifySignature({ source: 'github' }, { ...crypto(), headers, rawBody: bytes('Hello, World!'), secrets: ["It's a Secret to Everybody"], now: 0 })).toEqual({ ok: true });
  });

  it('standard webhooks: the example of its libraries', () => {
    const headers = { 'webhook-id': 'msg_p5jXN8AQM9LWM0D4loKWxJek', 'webhook-timestamp': '1614265330', 'webhook-signature': 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE= v1a,xyz' };
    const request = { ...crypto(), headers, rawBody: bytes('{"test": 2432232314}'), secrets: ['whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'], now: 1_614_265_330_000 };
    expect(verifySignature({ source: 'standard-webhooks' }, request)).toEqual({ ok: true });
    expect(verifySignature({ source: 'standard-webhooks' }, { ...request, secrets: ['MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'] })).toEqual({ ok: true });
  });

  it('slack: the example of its documentation', () => {
    const headers = { 'x-slack-request-timestamp': '1531420618', 'x-slack-signature': 'v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503' };
    const body =
      'token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c';
    expect(verifySignature({ source: 'slack' }, { ...crypto(), headers, rawBody: bytes(body), secrets: ['8f742231b10e8888abcd99yyyzzz85a5'], now: 1_531_420_618_000 })).toEqual({ ok: true });
  });

  it('stripe: several signatures while a secret is replaced, and those of other kinds', () => {
    const header = `t=${SECONDS},v1=${hex(OTHER, `${SECONDS}.${BODY}`)},v1=${hex(SECRET, `${SECONDS}.${BODY}`)},v0=${'0'.repeat(64)}`;
    expect(verifySignature({ source: 'stripe' }, { ...base(), headers: { 'stripe-signature': header }, secrets: [SECRET] })).toEqual({ ok: true });
  });

  it('generic: Base64, and no prefix', () => {
    const headers = { 'x-sum': createHmac('sha256', SECRET).update(BODY).digest('base64') };
    expect(verifySignature({ source: 'generic', 'signature-header': 'x-sum' }, { ...base(), headers, secrets: [SECRET] })).toEqual({ ok: true });
    expect(verifySignature({ source: 'generic', 'signature-header': 'x-sum' }, { ...base(), headers, secrets: [OTHER] })).toEqual({ ok: false, reason: 'mismatch' });
  });
});

describe('the token of gitlab', () => {
  const request = { ...base(), headers: { 'x-gitlab-token': SECRET }, secrets: [OTHER, SECRET] };

  it('holds when it is one of the secrets', () => {
    expect(verifySignature({ source: 'gitlab' }, request)).toEqual({ ok: true });
  });

  it.each(['', OTHER, `${SECRET} `, ` ${SECRET}`, SECRET.slice(0, -1), `${SECRET}a`, SECRET.toUpperCase(), `${SECRET}, ${SECRET}`])('does not hold when it is %j', (token) => {
    expect(verifySignature({ source: 'gitlab' }, { ...request, headers: { 'x-gitlab-token': token }, secrets: [SECRET] }).ok).toBe(false);
  });

  it('does not stand for a signature: a signing token is not sent, and a signature that is there is what counts', () => {
    expect(verifySignature({ source: 'gitlab' }, { ...request, headers: { 'x-gitlab-token': WHSEC }, secrets: [WHSEC] })).toEqual({ ok: false, reason: 'unsigned' });
    const headers = { 'x-gitlab-token': SECRET, 'webhook-id': 'a', 'webhook-timestamp': SECONDS, 'webhook-signature': `v1,${'A'.repeat(43)}=` };
    expect(verifySignature({ source: 'gitlab' }, { ...request, headers }).ok).toBe(false);
  });
});

function signed(sender: Sender, { body = BODY, secret = sender.secret }: { body?: string; secret?: string }): SignedRequest {
  return { ...base(), headers: sender.sign({ body, secret, seconds: SECONDS }), secrets: [sender.secret] };
}

function standard({ body, secret, seconds }: { body: string; secret: string; seconds: string }): Record<string, string> {
  const key = Buffer.from(secret.replace(/^whsec_/, ''), 'base64');
  return { 'webhook-id': 'msg_1', 'webhook-timestamp': seconds, 'webhook-signature': `v1,${createHmac('sha256', key).update(`msg_1.${seconds}.${body}`).digest('base64')}` };
}

function atTime(request: SignedRequest, { time = '', header }: Sender, seconds: string): SignedRequest {
  return withHeader(request, time, (value) => (time === header ? value.replace(/t=\d+/, `t=${seconds}`) : seconds));
}

function withHeader(request: SignedRequest, name: string, change: (value: string) => string): SignedRequest {
  return { ...request, headers: { ...request.headers, [name]: change(String(request.headers[name])) } };
}

function swap(text: string, index: number): string {
  return `${text.slice(0, index)}${text[index] === '1' ? '2' : '1'}${text.slice(index + 1)}`;
}

function base(): Omit<SignedRequest, 'headers' | 'secrets'> {
  return { ...crypto(), rawBody: bytes(BODY), now: NOW };
}

function crypto(): Pick<SignedRequest, 'hmac' | 'equal'> {
  return { hmac: (algorithm, key, data) => createHmac(algorithm, key).update(data).digest(), equal: (a, b) => timingSafeEqual(a, b) };
}

function hex(secret: string, text: string): string {
  return createHmac('sha256', secret).update(text).digest('hex');
}

function bytes(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}
