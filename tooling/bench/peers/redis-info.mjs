import { createConnection } from 'node:net';

/**
 * What a server tells of itself, by the names it uses.
 *
 * @param {number} port on this machine
 * @param {string} section
 * @returns {Promise<Map<string, string>>}
 */
export async function readInfo(port, section) {
  const socket = createConnection({ port, host: '127.0.0.1' });
  socket.setEncoding('utf8').write(`INFO ${section}\r\n`);
  let text = '';
  for await (const chunk of socket) {
    text += chunk;
    const [, length] = /^\$(\d+)\r\n/.exec(text) ?? [];
    if (length !== undefined && text.length >= Number(length)) break;
  }
  socket.destroy();
  return new Map([...text.matchAll(/^([^#:\r\n]+):(.*)\r$/gm)].map(([, name, value]) => /** @type {const} */ ([name ?? '', value ?? ''])));
}

/**
 * How often each command was called, those that scripts call too, but for the one that tells.
 *
 * @param {number} port
 * @returns {Promise<Record<string, number>>}
 */
export async function commandCounts(port) {
  const stats = await readInfo(port, 'commandstats');
  const counts = [...stats].map(([name, stat]) => /** @type {const} */ ([name.replace(/^cmdstat_/, ''), Number(/^calls=(\d+)/.exec(stat)?.[1])]));
  return Object.fromEntries(counts.filter(([name]) => name !== 'info'));
}
