import type { ParsedTemplate } from './template.js';

/**
 * Parsed templates by their text, bounded by the characters of all texts together; the least recently used goes first.
 * A parsed template is a function of its text alone, so sharing one between runs shows nothing of either.
 */
export class TemplateCache {
  readonly #limit: number;
  readonly #templates = new Map<string, ParsedTemplate>();
  #characters = 0;

  constructor(characters: number) {
    this.#limit = characters;
  }

  get characters(): number {
    return this.#characters;
  }

  get(text: string): ParsedTemplate | undefined {
    const template = this.#templates.get(text);
    if (template !== undefined) {
      this.#templates.delete(text);
      this.#templates.set(text, template);
    }
    return template;
  }

  set(text: string, template: ParsedTemplate): void {
    if (text.length > this.#limit || this.#templates.has(text)) return;
    this.#templates.set(text, template);
    this.#characters += text.length;
    for (const oldest of this.#templates.keys()) {
      if (this.#characters <= this.#limit) break;
      this.#templates.delete(oldest);
      this.#characters -= oldest.length;
    }
  }
}
