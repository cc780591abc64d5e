import { userInfo } from 'node:os';

/** Who works here, for people: the name of the account, or its number where it has none. */
export function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return `uid ${String(process.getuid?.() ?? 'unknown')}`;
  }
}
