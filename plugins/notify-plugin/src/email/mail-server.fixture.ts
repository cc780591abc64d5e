import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';

import { SMTPServer, type SMTPServerOptions } from 'smtp-server';

export interface Certificate {
  readonly cert: string;
  readonly key: string;
}

interface ReceivedMail {
  readonly from: string;
  readonly to: readonly string[];
  readonly user: unknown;
  readonly secure: boolean;
  readonly raw: string;
}

/** A certificate that vouches for itself, for this machine's own names. */
export function selfSigned(names = 'DNS:localhost,IP:127.0.0.1'): Certificate {
  const folder = mkdtempSync(join(tmpdir(), 'kb-cert-'));
  const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
  const options = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2', '-subj', '/CN=mail', '-addext', `subjectAltName=${names}`, '-keyout', key, '-out', cert];
  try {
    execFileSync('openssl', options, { stdio: 'ignore' });
    return { cert: readFileSync(cert, 'utf8'), key: readFileSync(key, 'utf8') };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** A mail server on this machine that keeps what it takes. The one login is `mailer` with `swordfish`. */
export async function startMailServer(options: SMTPServerOptions = {}) {
  const mails: ReceivedMail[] = [];
  const server = new SMTPServer({
    logger: false,
    authOptional: true,
    closeTimeout: 100,
    onAuth: ({ username, password }, _session, done) => {
      if (username === 'mailer' && password === 'swordfish') done(null, { user: username });
      else done(new Error('Invalid username or password'));
    },
    onRcptTo: ({ address }, _session, done) => {
      const reply = { 'nobody@example.com': 550, 'full@example.com': 452 }[address];
      done(reply === undefined ? null : Object.assign(new Error('not this one'), { responseCode: reply }));
    },
    onData: (stream, session, done) => {
      void text(stream).then((raw) => {
        const { mailFrom, rcptTo } = session.envelope;
        mails.push({ from: mailFrom === false ? '' : mailFrom.address, to: rcptTo.map(({ address }) => address), user: session.user, secure: session.secure, raw });
        done(null);
      });
    },
    ...options,
  });
  server.on('error', () => undefined);
  await new Promise<void>((done) => void server.listen(0, '127.0.0.1', () => done()));
  return { port: (server.server.address() as AddressInfo).port, mails, close: () => new Promise<void>((done) => server.close(() => done())) };
}
