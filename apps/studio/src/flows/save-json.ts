import type { JsonObject } from '@kb-labs/contracts';

/** Hands an answer of the gateway to the browser as a file, with the very bytes that were answered: they are what an export is checked by. */
export function saveJson(value: JsonObject, name: string): void {
  const url = URL.createObjectURL(new Blob([JSON.stringify(value)], { type: 'application/json' }));
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  URL.revokeObjectURL(url);
}
