/** Whether it names a Redis server: `redis://`, or `rediss://` for TLS, with a host. */
export function isRedisUrl(text: string): boolean {
  if (!URL.canParse(text) || /\s/.test(text)) return false;
  const { protocol, hostname } = new URL(text);
  return (protocol === 'redis:' || protocol === 'rediss:') && hostname !== '';
}

/** An address to be shown: without its user and password. */
export function shownUrl(text: string): string {
  return text.replace(/\/\/[^@/]*@/, '//…@');
}
