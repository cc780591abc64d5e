import { FatalError } from '@kb-labs/sdk';

/** What the library puts on its errors: https://nodemailer.com/errors. */
interface MailError extends Error {
  readonly code?: unknown;
  readonly responseCode?: unknown;
  readonly response?: unknown;
}

/** Certificates that do not hold, and servers that speak no TLS, in the words of OpenSSL and Node. Neither changes by another try. */
const UNTRUSTED = /certificate|self.signed|altnames|wrong version number/i;

/** What a mail that was not sent means for the step. Replies of 4xx are for later, those of 5xx for good: RFC 5321, 4.2.1. */
export function mailFailure(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  const { code, responseCode, response } = error as MailError;
  const details = typeof responseCode === 'number' ? { reply: responseCode } : {};
  const words = typeof response === 'string' ? response.slice(0, 500) : error.message;
  if (UNTRUSTED.test(error.message) || (code === 'ETLS' && responseCode !== undefined)) {
    return new FatalError(`there is no TLS with the mail server: ${error.message}`, { code: 'SMTP_TLS', hint: '"ca" takes the certificate of an authority of your own' });
  }
  if (typeof responseCode === 'number' && responseCode >= 400 && responseCode < 500) {
    return Object.assign(new Error(`the mail server asks to come later: ${words}`), { code: 'SMTP_BUSY', details });
  }
  if (code === 'EAUTH') return new FatalError(`the mail server refuses the login: ${words}`, { code: 'SMTP_LOGIN', details });
  if (typeof responseCode === 'number' && responseCode >= 500) return new FatalError(`the mail server refuses the mail: ${words}`, { code: 'SMTP_REFUSED', details });
  return Object.assign(new Error(`the mail was not sent: ${error.message}`, { cause: error }), { code: 'SMTP_FAILED' });
}
