import type { LineTimes } from './log-line.js';
import type { LogStore } from './log-store.js';
import type { LogView } from './log-view.js';
import { plainText } from './plain-text.js';

/** Lines as text for a file: plain, with their times when those are shown, and their steps when several are. */
export function logText(store: LogStore, view: LogView, { times, named }: { readonly times: LineTimes; readonly named: boolean }): string {
  const lines: string[] = [];
  for (let row = 0; row < view.length; row += 1) {
    const line = view.lineAt(row);
    const source = store.sources[line?.source ?? -1];
    if (line === undefined || source === undefined) continue;
    const at = times === 'none' ? '' : times === 'clock' ? `${new Date(line.at).toISOString()} ` : `+${((line.at - source.beganAt) / 1_000).toFixed(3)} `;
    lines.push(`${at}${named ? `${source.job}/${source.step} | ` : ''}${plainText(line.text)}\n`);
  }
  return lines.join('');
}

export function saveText(name: string, text: string): void {
  const address = URL.createObjectURL(new Blob([text], { type: 'text/plain;charset=utf-8' }));
  const link = document.createElement('a');
  link.href = address;
  link.download = name;
  link.click();
  // Not before the browser has taken it.
  setTimeout(() => {
    URL.revokeObjectURL(address);
  }, 10_000);
}
