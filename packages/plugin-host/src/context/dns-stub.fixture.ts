import { createSocket } from 'node:dgram';
import { Resolver } from 'node:dns';

import type { Lookup } from './judged-lookup.js';

/** A name server of one's own, asked over UDP as any other. `address` answers the n-th question of a name, from 0. */
export async function startDns(address: (name: string, question: number) => string) {
  const asked: string[] = [];
  const server = createSocket('udp4', (question, from) => {
    const name = nameIn(question);
    const found = address(name, asked.filter((earlier) => earlier === name).length);
    asked.push(name);
    server.send(answerTo(question, found), from.port, from.address);
  });
  await new Promise<void>((done) => server.bind(0, '127.0.0.1', done));
  const resolver = new Resolver();
  resolver.setServers([`127.0.0.1:${String(server.address().port)}`]);
  const lookup: Lookup = (host, _options, done) =>
    resolver.resolve4(host, (error, found) => {
      if (error === null) done(null, found.map((each) => ({ address: each, family: 4 })));
      else done(error, []);
    });
  return { lookup, asked, close: () => void server.close() };
}

/** The name a question is about, RFC 1035, 4.1.2: labels by length after the header of 12 bytes. */
function nameIn(question: Buffer): string {
  const labels: string[] = [];
  for (let at = 12; (question[at] ?? 0) !== 0; at += 1 + (question[at] ?? 0)) labels.push(question.toString('latin1', at + 1, at + 1 + (question[at] ?? 0)));
  return labels.join('.');
}

/** One A record that lives for no time at all, RFC 1035, 4.1.3. The name is a pointer to the question's. */
function answerTo(question: Buffer, address: string): Buffer {
  const end = question.indexOf(0, 12) + 5;
  const header = Buffer.from([question[0] ?? 0, question[1] ?? 0, 0x81, 0x80, 0, 1, 0, 1, 0, 0, 0, 0]);
  const record = Buffer.from([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 0, 0, 4, ...address.split('.').map(Number)]);
  return Buffer.concat([header, question.subarray(12, end), record]);
}
