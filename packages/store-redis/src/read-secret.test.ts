import { describe, expect, it } from 'vitest';

import { sharedServer } from './shared-server.fixture.js';

const server = sharedServer();

describe('a secret', () => {
  it('is made once and given to every process, however many ask for it at once', async () => {
    const stores = await Promise.all([server.open(), server.open(), server.open()]);
    const given = await Promise.all(stores.map((store) => store.secret('callbacks')));
    expect(given[0]).toHaveLength(32);
    expect(new Set(given.map((bytes) => bytes.toString('hex'))).size).toBe(1);
    expect(await stores[0]?.secret('callbacks')).toEqual(given[0]);
  });

  it('is another one for another name and another installation', async () => {
    const [here, elsewhere] = await Promise.all([server.open(), server.open({ prefix: `${server.prefix}-other` })]);
    const all = await Promise.all([here.secret('callbacks'), here.secret('other'), elsewhere.secret('callbacks')]);
    expect(new Set(all.map((bytes) => bytes.toString('hex'))).size).toBe(3);
  });

  it('that is none is reported as damaged state', async () => {
    const store = await server.open();
    await store.secret('callbacks');
    const [key] = await server.redis.keys(`*${server.prefix}*secret:callbacks`);
    await server.redis.set(String(key), 'abc');
    await expect(store.secret('callbacks')).rejects.toMatchObject({ code: 'STATE_CORRUPT' });
  });
});
