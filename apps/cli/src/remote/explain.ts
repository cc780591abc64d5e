import { AppError, hasCode, isErrorCode } from '@kb-labs/errors';

import type { GatewayPlace } from '../desk/gateway-place.js';

/** What went wrong with a gateway, in words for whoever has set KB_URL and KB_API_KEY. */
export function explain(thrown: unknown, place: GatewayPlace): unknown {
  if (hasCode(thrown, 'UNAUTHENTICATED') && thrown instanceof AppError) {
    return new AppError('UNAUTHENTICATED', thrown.details, { cause: thrown, hint: hintOnKey(place) });
  }
  if (hasCode(thrown, 'GATEWAY_UNREACHABLE')) return unreachable(place, thrown);
  if (thrown instanceof Error && 'code' in thrown && isErrorCode(thrown.code)) return thrown;
  // A body that is not what was promised, or that broke off.
  if (thrown instanceof SyntaxError) return new AppError('GATEWAY_UNREACHABLE', { url: place.url, problem: 'what answers there is no gateway' }, { cause: thrown });
  return thrown instanceof TypeError ? unreachable(place, thrown) : thrown;
}

function hintOnKey({ url, key }: GatewayPlace): string {
  return key === undefined
    ? `KB_API_KEY is not set: it has to be a key of ${url}; "kb auth:create-key" makes one where the gateway runs`
    : `KB_API_KEY is no key that ${url} takes: it may have expired or been taken back; "kb auth:list-keys" where the gateway runs shows its keys`;
}

const OWN_AUTHORITY = 'NODE_EXTRA_CA_CERTS=FILE makes the certificates of an authority of your own known';

/** What system calls and TLS say, by their codes, where the code or OpenSSL's own words would be all there is. */
const WORDS: Readonly<Record<string, { readonly problem: string; readonly hint?: string }>> = {
  ECONNREFUSED: { problem: 'nothing listens there', hint: 'is the daemon running, with the role gateway, and is the port right?' },
  ENOTFOUND: { problem: 'its host name is not known', hint: 'look at KB_URL' },
  EAI_AGAIN: { problem: 'its host name cannot be looked up now' },
  ECONNRESET: { problem: 'the connection was closed' },
  EPIPE: { problem: 'the connection was closed' },
  UND_ERR_SOCKET: { problem: 'the connection was closed' },
  ETIMEDOUT: { problem: 'it does not answer' },
  EHOSTUNREACH: { problem: 'there is no way to its host' },
  ENETUNREACH: { problem: 'there is no way to its network' },
  UND_ERR_CONNECT_TIMEOUT: { problem: 'it does not answer' },
  UND_ERR_HEADERS_TIMEOUT: { problem: 'it does not answer' },
  UND_ERR_BODY_TIMEOUT: { problem: 'it stopped in the middle of an answer' },
  DEPTH_ZERO_SELF_SIGNED_CERT: { problem: 'its certificate is signed by itself', hint: OWN_AUTHORITY },
  SELF_SIGNED_CERT_IN_CHAIN: { problem: 'its certificate comes from an authority that is not known here', hint: OWN_AUTHORITY },
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: { problem: 'its certificate comes from an authority that is not known here', hint: OWN_AUTHORITY },
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: { problem: 'its certificate comes from an authority that is not known here', hint: OWN_AUTHORITY },
  CERT_HAS_EXPIRED: { problem: 'its certificate has expired' },
  CERT_NOT_YET_VALID: { problem: 'its certificate is not valid yet', hint: 'look at the clock of this machine' },
  ERR_TLS_CERT_ALTNAME_INVALID: { problem: 'its certificate is for another host' },
  ERR_SSL_WRONG_VERSION_NUMBER: { problem: 'it does not speak TLS', hint: 'does KB_URL begin with http://?' },
  ERR_SSL_PACKET_LENGTH_TOO_LONG: { problem: 'it does not speak TLS', hint: 'does KB_URL begin with http://?' },
};

function unreachable({ url }: GatewayPlace, thrown: unknown): AppError {
  const known = codesOf(thrown).flatMap((code) => (Object.hasOwn(WORDS, code) ? [WORDS[code]] : []))[0];
  const said = thrown instanceof AppError ? thrown.details['problem'] : thrown instanceof Error ? thrown.message : undefined;
  const problem = known?.problem ?? (typeof said === 'string' ? said : 'it does not answer');
  return new AppError('GATEWAY_UNREACHABLE', { url, problem }, { cause: thrown, ...(known?.hint === undefined ? {} : { hint: known.hint }) });
}

/** Of an error and what caused it. */
function codesOf(thrown: unknown): string[] {
  const codes: string[] = [];
  for (let error = thrown, depth = 0; error instanceof Error && depth < 5; error = error.cause, depth += 1) {
    if ('code' in error && typeof error.code === 'string') codes.push(error.code);
  }
  return codes;
}
