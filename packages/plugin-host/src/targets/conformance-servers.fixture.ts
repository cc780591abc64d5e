import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { type AddressInfo, createServer as createTcpServer, type Server } from 'node:net';
import { setImmediate as nextTurn } from 'node:timers/promises';

export interface Servers {
  readonly web: string;
  /** Port of a TCP server that sends back what it gets, and ends when the other side does. */
  readonly echo: number;
  /** A port at which nobody listens. */
  readonly closed: number;
  readonly close: () => Promise<void>;
}

export async function startServers(): Promise<Servers> {
  const web = createServer((request, response) => void answer(request, response));
  const echo = createTcpServer({ allowHalfOpen: true }, (socket) => {
    socket.on('error', () => undefined);
    socket.pipe(socket);
  });
  const gone = createTcpServer();
  const [webPort, echoPort, closed] = await Promise.all([listen(web), listen(echo), listen(gone)]);
  gone.close();
  return {
    web: `http://127.0.0.1:${String(webPort)}`,
    echo: echoPort,
    closed,
    close: async () => {
      web.closeAllConnections();
      await Promise.all([web, echo].map((server) => new Promise((done) => server.close(done))));
    },
  };
}

function listen(server: Server): Promise<number> {
  return new Promise((done) => server.listen(0, '127.0.0.1', () => done((server.address() as AddressInfo).port)));
}

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const [, kind, rest = ''] = (request.url ?? '').split(/[/?]/);
  response.on('error', () => undefined);
  switch (kind) {
    case 'echo': {
      const parts: Buffer[] = [];
      for await (const part of request) parts.push(part as Buffer);
      const body = Buffer.concat(parts);
      response.writeHead(200, 'Fine', [['x-answer', 'yes'], ['set-cookie', 'a=1'], ['set-cookie', 'b=2']].flat());
      response.end(JSON.stringify({ method: request.method, url: request.url, headers: request.headers, length: body.length, hash: createHash('sha256').update(body).digest('hex').slice(0, 16) }));
      return;
    }
    case 'redirect':
      response.writeHead(302, { location: `/${rest}` }).end('moved');
      return;
    case 'redirect-away':
      response.writeHead(307, { location: 'http://not-granted.example/' }).end();
      return;
    case 'status':
      response.writeHead(Number(rest)).end(`status ${rest}`);
      return;
    case 'large':
      for (let part = 0; part < 60; part += 1) {
        response.write(Buffer.alloc(50_000, part));
        await nextTurn();
      }
      response.end();
      return;
    case 'endless':
      response.write('first');
      return;
    default:
      // Never answers.
  }
}
