/** Whether it names a Redis server: `redis://`, or `rediss://` for TLS, with a host. User and password are percent-encoded. */
export function isRedisUrl(text: string): boolean {
  if (!URL.canParse(text) || /\s/.test(text)) return false;
  const { protocol, hostname, username, password } = new URL(text);
  return (protocol === 'redis:' || protocol === 'rediss:') && hostname !== '' && isEncoded(username) && isEncoded(password);
}

function isEncoded(text: string): boolean {
  try {
    decodeURIComponent(text);
    return true;
  } catch {
    return false;
  }
}

/** An address to be shown: without its user and password. */
export function shownUrl(text: string): string {
  return text.replace(/\/\/[^@/]*@/, '//…@');
}
