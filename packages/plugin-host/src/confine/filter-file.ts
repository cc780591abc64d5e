import { mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const opened = new Map<string, number>();

/**
 * The path of a file with this content, for a program that takes a filter no other way. It has no name of its own and is gone with this
 * process, however that ends: other programs of the same user open it by way of this process (proc_pid_fd(5)).
 */
export function filterFile(name: string, content: string | Uint8Array): string {
  const descriptor = opened.get(name) ?? openNameless(name, content);
  opened.set(name, descriptor);
  return `/proc/${String(process.pid)}/fd/${String(descriptor)}`;
}

function openNameless(name: string, content: string | Uint8Array): number {
  const folder = mkdtempSync(join(tmpdir(), `kb-step-${String(process.pid)}-`));
  try {
    const file = join(folder, name);
    writeFileSync(file, content, { mode: 0o600 });
    return openSync(file, 'r');
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
