import { useSyncExternalStore } from 'react';

/** How the streams of this page stand, together. `lost` while any of them is being connected anew. */
export type Connection = { readonly state: 'live' } | { readonly state: 'lost'; readonly since: number };

const lost = new Map<object, number>();
const listeners = new Set<() => void>();
let current: Connection = { state: 'live' };

export function markLost(stream: object): void {
  if (!lost.has(stream)) lost.set(stream, Date.now());
  publish();
}

export function markLive(stream: object): void {
  if (lost.delete(stream)) publish();
}

function publish(): void {
  current = lost.size === 0 ? { state: 'live' } : { state: 'lost', since: Math.min(...lost.values()) };
  for (const listener of listeners) listener();
}

export function useConnection(): Connection {
  return useSyncExternalStore(subscribe, () => current);
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}
