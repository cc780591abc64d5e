import { formatApiKey } from '@kb-labs/contracts';
import { ROUTE_NAMES, ROUTES, type RouteSpec } from '@kb-labs/contracts/http';
import { createKey, revokeKey } from '@kb-labs/engine';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { HELLO, type Harness } from '../harness.fixture.js';
import { openWithAccess } from './real-access.fixture.js';

let harness: Harness;
const credentials = new Map<string, Record<string, string>>();
let admin: string;
let runId: string;

beforeAll(async () => {
  harness = await openWithAccess({ workflows: { 'hello.yml': HELLO } });
  const make = (name: string, lifeMs?: number) => createKey(harness.deps, { name, role: 'admin', tenant: 'acme', by: 'test', ...(lifeMs === undefined ? {} : { lifeMs }) });
  admin = (await make('ada')).key;
  const over = await make('over', 1);
  const revoked = await make('revoked');
  await revokeKey(harness.deps, { id: revoked.id });
  while (harness.deps.clock.now() <= Date.parse(over.expiresAt ?? '')) await new Promise((resolve) => setImmediate(resolve));
  const bearer = (key: string): Record<string, string> => ({ authorization: `Bearer ${key}` });
  credentials.set('none', {});
  credentials.set('no key at all', bearer('let-me-in'));
  credentials.set('a key that nobody has', bearer(formatApiKey({ id: '00000000', secret: 'x'.repeat(43) })));
  credentials.set('the id of a key with another secret', bearer(`${admin.slice(0, -43)}${'A'.repeat(43)}`));
  credentials.set('a key whose time is over', bearer(over.key));
  credentials.set('a key that was revoked', bearer(revoked.key));
  credentials.set('a key under another scheme', { authorization: `Basic ${admin}` });
  credentials.set('a session that nobody has', { cookie: `kb_session_${new URL(harness.url).port}=${'x'.repeat(43)}` });
  runId = (await harness.run(admin, 'hello')).id;
});
afterAll(() => harness.close());

const guarded = ROUTE_NAMES.map((name): RouteSpec & { readonly name: string } => ({ name, ...ROUTES[name] })).filter(({ access }) => access !== 'public' && access !== 'proof');

describe('every route that needs a permission', () => {
  it('answers no credential that is not right, whether JSON, a stream, bytes or a head is asked for', async () => {
    const calls = guarded.flatMap(({ method, path, stream }) => {
      const at = path.replace(':id', runId).replaceAll(/:\w+/g, 'x');
      const plain = [{ method, at, headers: {} as Record<string, string> }];
      const head = method === 'GET' ? [{ method: 'HEAD', at, headers: {} }] : [];
      return [...plain, ...head, ...(stream === undefined ? [] : [{ method, at, headers: { accept: 'text/event-stream' } }])];
    });
    expect(calls.length).toBeGreaterThan(40);
    const letIn: string[] = [];
    for (const [kind, sent] of credentials) {
      for (const { method, at, headers } of calls) {
        const { status, text } = await harness.ask(undefined, method, at, { headers: { ...headers, ...sent } });
        // Whoever goes on trying is told to wait.
        if (![401, 429].includes(status) || text.includes('hello')) letIn.push(`${kind}: ${method} ${at}: ${String(status)}`);
      }
    }
    expect(letIn).toEqual([]);
  }, 60_000);

  it('lets the right one in after all that', async () => {
    const refused: string[] = [];
    for (const { name, method, path } of guarded) {
      const { status } = await harness.ask(admin, method, path.replace(':id', runId).replaceAll(/:\w+/g, 'x'));
      if ([401, 403, 429].includes(status)) refused.push(`${name}: ${String(status)}`);
    }
    expect(refused).toEqual([]);
  });
});
