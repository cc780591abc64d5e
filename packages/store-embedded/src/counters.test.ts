import { expect, it } from 'vitest';

import { AskedConnection } from './asked-connection.fixture.js';
import { Counters } from './counters.js';
import { migrate } from './migrate.js';

function openConnection(): AskedConnection {
  const connection = new AskedConnection(':memory:');
  migrate(connection);
  return connection;
}

it('reads the counters of a transaction once, and writes those that have moved once', () => {
  const connection = openConnection();
  connection.queries = 0;
  const counters = new Counters(connection);
  expect([counters.add('token', 2), counters.add('token', 3), counters.add('open', 1), counters.get('ticket')]).toEqual([2, 5, 1, 0]);
  expect(connection.queries).toBe(1);
  connection.asked.clear();
  counters.store();
  counters.store();
  expect(connection.asked.size).toBe(1);
  expect(connection.all('SELECT name, value FROM counter ORDER BY name')).toEqual([{ name: 'open', value: 1 }, { name: 'ticket', value: 0 }, { name: 'token', value: 5 }]);
  connection.close();
});

it('stores nothing of what was taken back', () => {
  const connection = openConnection();
  const counters = new Counters(connection);
  counters.add('open', 1);
  const takeBack = counters.mark();
  counters.add('open', 5);
  counters.add('token', 1);
  takeBack();
  counters.store();
  expect([new Counters(connection).get('open'), new Counters(connection).get('token')]).toEqual([1, 0]);
  connection.close();
});
