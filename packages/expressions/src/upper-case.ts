import type { Work } from './work.js';

/**
 * Upper case for comparing. The dotless i keeps its case, as at GitHub; text that has one is taken apart and costs
 * eight times as much.
 */
export function toUpper(text: string, work: Work): string {
  if (!text.includes('ı')) {
    work.characters(text.length);
    return text.toUpperCase();
  }
  work.characters(8 * text.length);
  return text
    .split('ı')
    .map((part) => part.toUpperCase())
    .join('ı');
}
