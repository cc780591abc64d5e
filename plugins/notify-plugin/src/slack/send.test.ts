import { testContext } from '@kb-labs/sdk/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { z } from 'zod';

import { slackCommand } from '../plugin.js';
import { startReceiver } from '../receiver.fixture.js';
import send from './send.js';

let receiver: Awaited<ReturnType<typeof startReceiver>>;
beforeAll(async () => {
  receiver = await startReceiver();
});
beforeEach(() => {
  receiver.received.length = 0;
});
afterAll(() => receiver.close());

async function run(input: z.input<typeof slackCommand.input>, secrets?: Readonly<Record<string, string>>) {
  using ctx = testContext({ secrets: secrets ?? { SLACK_WEBHOOK: `${receiver.url}/services/T0/B0/planted` } });
  const output = await send(slackCommand.input.parse(input), ctx);
  expect(slackCommand.output.parse(output)).toEqual(output);
  return output;
}

describe('slack:send', () => {
  it('posts what incoming webhooks take', async () => {
    const blocks = [{ type: 'section', text: { type: 'mrkdwn', text: '*Deployed*' } }];
    const attachments = [{ color: '#36a64f', text: 'all green' }];
    expect(await run({ text: 'Deployed <@U1>', blocks, attachments, threadTs: '1.2', unfurlLinks: false })).toEqual({ answer: 'ok' });
    const [request] = receiver.received;
    expect(request).toMatchObject({ method: 'POST', path: '/services/T0/B0/planted', headers: { 'content-type': 'application/json' } });
    expect(JSON.parse(request?.body ?? '')).toEqual({ text: 'Deployed <@U1>', blocks, attachments, thread_ts: '1.2', unfurl_links: false, unfurl_media: false });
  });

  it('sends a text as it is meant when it is plain', async () => {
    await run({ text: '<!channel> a < b && c > d &amp;', plain: true });
    expect(JSON.parse(receiver.received[0]?.body ?? '')).toEqual({ text: '&lt;!channel&gt; a &lt; b &amp;&amp; c &gt; d &amp;amp;' });
  });

  it('takes the channel that another of its secrets is bound to', async () => {
    await run({ text: 'x', secret: 'SLACK_WEBHOOK_2' }, { SLACK_WEBHOOK: `${receiver.url}/one`, SLACK_WEBHOOK_2: `${receiver.url}/two` });
    expect(receiver.received.map(({ path }) => path)).toEqual(['/two']);
    expect(slackCommand.input.safeParse({ text: 'x', secret: 'OTHER' }).success).toBe(false);
  });

  it.each([
    [{ status: 400, body: 'invalid_payload' }, { code: 'REFUSED', kbRetry: 'never' }],
    [{ status: 403, body: 'action_prohibited' }, { code: 'REFUSED', kbRetry: 'never' }],
    [{ status: 404, body: 'no_service' }, { code: 'REFUSED', kbRetry: 'never' }],
    [{ status: 302, headers: { location: '/elsewhere' } }, { code: 'REDIRECTED', kbRetry: 'never' }],
    [{ status: 429, headers: { 'retry-after': '30' } }, { code: 'RATE_LIMIT', kbRetry: 30_000 }],
    [{ status: 500, body: 'rollup_error' }, { code: 'SERVICE_FAILED' }],
  ])('says of %j what another try is worth', async (reply, failure) => {
    receiver.reply(reply);
    await expect(run({ text: 'x' })).rejects.toMatchObject({ ...failure, message: expect.not.stringContaining('planted') as string });
    expect(receiver.received).toHaveLength(1);
  });

  it('does not show the address, which is a secret', async () => {
    await expect(run({ text: 'x' }, { SLACK_WEBHOOK: 'planted word' })).rejects.toMatchObject({ code: 'INPUT_INVALID', message: expect.not.stringContaining('planted') as string });
    receiver.reply({ silent: true });
    const late = await run({ text: 'x', timeoutMs: 50 }).catch((error: unknown) => error);
    expect(late).toMatchObject({ name: 'TimeoutError', message: expect.not.stringContaining('planted') as string });
    const nobody = await run({ text: 'x' }, { SLACK_WEBHOOK: 'http://127.0.0.1:1/planted' }).catch((error: unknown) => error);
    expect(String(nobody)).not.toContain('planted');
  });
});
