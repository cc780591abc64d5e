import { fakeClock } from '@kb-labs/testkit';
import { describe, expect, it, onTestFinished } from 'vitest';

import { type Answer, clock, noAccess, openHarness, send } from './harness.fixture.js';
import { createGateway, createMetrics, type GatewayOptions } from './index.js';

function someMetrics(): GatewayOptions['metrics'] {
  return createMetrics({ clock, catalog: { countOpen: () => Promise.resolve({ running: 2 }) }, queue: { counts: () => Promise.resolve({ held: 1, due: 3, later: 4 }) }, heldJobs: () => 1 });
}

async function serve({ clock: timers = clock, ...options }: Partial<GatewayOptions> & { clock?: GatewayOptions['deps']['clock'] } = {}): Promise<string> {
  const harness = await openHarness({ works: false, gateway: options, wrap: (deps) => ({ ...deps, clock: timers }) });
  onTestFinished(() => harness.close());
  return harness.url;
}

async function ask(url: string, { method = 'GET', headers = {} }: { method?: string; headers?: Record<string, string> } = {}): Promise<Pick<Answer, 'status' | 'headers'> & { body: string }> {
  const answer = await send(url, { method, headers });
  return { status: answer.status, headers: answer.headers, body: answer.text };
}

describe('who is answered', () => {
  it('listens on addresses of this machine alone, unless there is a name that others may use', async () => {
    const { deps, close } = await openHarness({ works: false });
    onTestFinished(close);
    const options = { checks: {}, metrics: someMetrics(), deps, access: noAccess };
    for (const host of ['0.0.0.0', '::', '192.168.1.4', 'example.com', '127.0.0.1.example.com', '']) {
      expect(() => createGateway({ ...options, host }), host).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID' }) as Error);
    }
    for (const host of ['127.0.0.1', '127.8.8.8', '::1', 'localhost']) {
      expect(() => createGateway({ ...options, host }), host).not.toThrow();
    }
    expect(() => createGateway({ ...options, host: '0.0.0.0', allowedHosts: ['kb.example'] })).not.toThrow();
  });

  it('refuses a name that is not of this machine, whatever it resolves to', async () => {
    const url = await serve();
    for (const host of ['evil.example', 'evil.example:4000', '127.0.0.1.evil.example', 'localhost.evil.example', '[::2]:80']) {
      const answer = await ask(`${url}/healthz`, { headers: { host } });
      expect([answer.status, answer.headers['content-type']], host).toEqual([421, 'application/problem+json; charset=utf-8']);
      expect(JSON.parse(answer.body)).toMatchObject({ code: 'HOST_NOT_ALLOWED', status: 421 });
    }
    for (const host of ['localhost', 'LOCALHOST:9', '127.0.0.1:1', '[::1]:4000']) expect((await ask(`${url}/healthz`, { headers: { host } })).status, host).toBe(200);
  });

  it('answers to the names that were allowed', async () => {
    const url = await serve({ allowedHosts: ['kb.example'] });
    for (const [host, status] of [['kb.example', 200], ['KB.example:8443', 200], ['x.kb.example', 421]] as const) expect((await ask(`${url}/healthz`, { headers: { host } })).status, host).toBe(status);
  });

  it('says which address is taken', async () => {
    const url = await serve();
    await expect(serve({ port: Number(new URL(url).port) })).rejects.toMatchObject({ code: 'ADDRESS_IN_USE', details: { address: new URL(url).host } });
  });
});

describe('every answer', () => {
  it('has an id and can neither be shown nor kept by a browser', async () => {
    const url = await serve();
    const { headers } = await ask(`${url}/healthz`, { headers: { 'x-request-id': 'abc-1' } });
    expect(headers).toMatchObject({ 'x-request-id': 'abc-1', 'x-content-type-options': 'nosniff', 'x-frame-options': 'DENY', 'cache-control': 'no-store' });
    expect(headers['content-security-policy']).toContain("default-src 'none'");
    expect(headers).not.toHaveProperty('x-powered-by');
    const odd = await ask(`${url}/healthz`, { headers: { 'x-request-id': 'a b\u00e9' } });
    expect(odd.headers['x-request-id']).toMatch(/^[0-9a-f-]{36}$/);
  });

  it('is a problem where there is nothing, or not with this method', async () => {
    const url = await serve();
    expect(JSON.parse((await ask(`${url}/nothing?a=1`)).body)).toEqual({ status: 404, code: 'ROUTE_UNKNOWN', message: 'there is nothing at /nothing', details: { path: '/nothing' } });
    const answer = await ask(`${url}/healthz`, { method: 'POST' });
    expect([answer.status, answer.headers['allow'], JSON.parse(answer.body)]).toMatchObject([405, 'GET, HEAD', { code: 'METHOD_NOT_ALLOWED' }]);
    expect((await ask(`${url}/healthz`, { method: 'HEAD' })).status).toBe(200);
  });
});

describe('health', () => {
  it('is alive while it is not ready', async () => {
    const url = await serve({ checks: { state: () => Promise.reject(new Error('gone')), worker: () => Promise.resolve() } });
    expect((await ask(`${url}/healthz`)).status).toBe(200);
    const answer = await ask(`${url}/readyz`);
    expect([answer.status, answer.headers['content-type']]).toEqual([503, 'application/problem+json; charset=utf-8']);
    expect(JSON.parse(answer.body)).toMatchObject({ code: 'NOT_READY', details: { problem: 'state: gone', checks: { state: 'gone', worker: 'ok' } } });
  });

  it('is ready again when everything works again', async () => {
    let broken = true;
    const timers = fakeClock();
    const url = await serve({ clock: timers, checks: { state: () => (broken ? Promise.reject(new Error('full')) : Promise.resolve()) } });
    expect((await ask(`${url}/readyz`)).status).toBe(503);
    broken = false;
    await timers.advance(1_000);
    const answer = await ask(`${url}/readyz`);
    expect([answer.status, JSON.parse(answer.body)]).toEqual([200, { status: 'ready', checks: { state: 'ok' } }]);
  });

  it('does not wait for a check that hangs', async () => {
    const timers = fakeClock();
    const begun = Promise.withResolvers<undefined>();
    const url = await serve({
      clock: timers,
      checks: {
        state: () => {
          begun.resolve(undefined);
          return new Promise(() => undefined);
        },
      },
    });
    const answer = ask(`${url}/readyz`);
    await begun.promise;
    await timers.advance(999);
    expect(JSON.parse((await answer).body)).toMatchObject({ status: 503, details: { checks: { state: expect.stringContaining('no answer within') as string } } });
  });

  it('checks once for many who ask, and again a moment later', async () => {
    let asked = 0;
    const timers = fakeClock();
    const url = await serve({
      clock: timers,
      checks: {
        state: () => {
          asked += 1;
          return Promise.resolve();
        },
      },
    });
    await Promise.all(Array.from({ length: 20 }, () => ask(`${url}/readyz`)));
    expect(asked).toBe(1);
    await timers.advance(1_000);
    await ask(`${url}/readyz`);
    expect(asked).toBe(2);
  });
});

describe('metrics', () => {
  it('are in the format of Prometheus: the state, the process, and what was counted', async () => {
    const metrics = someMetrics();
    const url = await serve({ metrics });
    metrics.runStarted();
    metrics.runFinished('failed');
    metrics.jobFinished('success', 1_500);
    const { body, headers } = await ask(`${url}/metrics`, { headers: { authorization: 'Bearer viewer' } });
    expect(headers['content-type']).toContain('text/plain; version=0.0.4');
    expect(body.split('\n')).toEqual(
      expect.arrayContaining([
        'kb_runs_started_total 1',
        'kb_runs_finished_total{status="failed"} 1',
        'kb_job_duration_seconds_bucket{le="1",status="success"} 0',
        'kb_job_duration_seconds_bucket{le="5",status="success"} 1',
        'kb_job_duration_seconds_sum{status="success"} 1.5',
        'kb_jobs_running 1',
        'kb_runs_open{status="running"} 2',
        'kb_runs_open{status="waiting"} 0',
        'kb_queue_tickets{state="due"} 3',
        'kb_state_up 1',
      ]),
    );
    expect(body).toMatch(/^nodejs_eventloop_lag_seconds \d/m);
    expect(body).toMatch(/^# TYPE nodejs_eventloop_lag_p99_seconds gauge$/m);
    // Nobody has asked before, so it was not measured.
    expect(body).not.toMatch(/^nodejs_eventloop_lag_p99_seconds /m);
    expect(body).toMatch(/^process_resident_memory_bytes \d/m);
  });

  it('say that the state cannot be read, and nothing of it', async () => {
    const down = createMetrics({ clock, catalog: { countOpen: () => Promise.reject(new Error('down')) }, queue: { counts: () => Promise.resolve({ held: 1, due: 1, later: 1 }) }, heldJobs: () => 0 });
    const { text } = await down.render();
    expect(text).toContain('kb_state_up 0');
    expect(text).not.toMatch(/^kb_(runs_open|queue_tickets)\{/m);
  });
});
