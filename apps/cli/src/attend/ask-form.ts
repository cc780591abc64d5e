import { isJsonObject, type JsonObject, type JsonValue } from '@kb-labs/contracts';

import { sanitizeText } from '../terminal/sanitize.js';

/** Asks one line; `undefined` when nobody answers any more. */
type AskLine = (prompt: string) => Promise<string | undefined>;

export interface FormTerminal {
  readonly ask: AskLine;
  readonly print: (line: string) => void;
}

/**
 * The answers of a form, its fields asked one by one in their order; `undefined` when nobody answers any more. A field is asked again
 * until it has the type it is declared with. What else the schema demands is checked with the decision.
 */
export async function askForm(form: JsonObject, terminal: FormTerminal): Promise<JsonObject | undefined> {
  const answers: [string, JsonValue][] = [];
  for (const field of fieldsOf(form)) {
    const answer = await askField(field, terminal);
    if (answer === undefined) return undefined;
    if (answer.value !== undefined) answers.push([field.name, answer.value]);
  }
  return Object.fromEntries(answers);
}

interface Field {
  readonly name: string;
  readonly schema: JsonObject;
  readonly required: boolean;
}

function fieldsOf(form: JsonObject): Field[] {
  const properties = isJsonObject(form['properties']) ? form['properties'] : {};
  const required = Array.isArray(form['required']) ? form['required'] : [];
  return Object.entries(properties).map(([name, schema]) => ({ name, schema: isJsonObject(schema) ? schema : {}, required: required.includes(name) }));
}

async function askField(field: Field, { ask, print }: FormTerminal): Promise<{ readonly value: JsonValue | undefined } | undefined> {
  const { description } = field.schema;
  if (typeof description === 'string' && description.trim() !== '') for (const line of description.trim().split('\n')) print(`  ${sanitizeText(line)}`);
  for (;;) {
    const line = await ask(promptOf(field));
    if (line === undefined) return undefined;
    const read = readAnswer(line.trim(), field);
    if (read.ok) return { value: read.value };
    print(`  ${read.problem}`);
  }
}

function promptOf({ name, schema, required }: Field): string {
  const title = typeof schema['title'] === 'string' && schema['title'].trim() !== '' ? schema['title'] : name;
  const standard = schema['default'];
  const notes = [kindText(schema), ...(standard === undefined ? (required ? [] : ['optional']) : [`default ${shown(standard)}`])].filter((note) => note !== '');
  return `  ${sanitizeText(title)}${notes.length === 0 ? '' : ` (${notes.join('; ')})`}: `;
}

/** Choices are numbered: a number is quicker to type, and the text is accepted as well. */
function kindText(schema: JsonObject): string {
  const choices = choicesOf(schema);
  if (choices !== undefined) return choices.map((choice, index) => `${String(index + 1)} ${shown(choice)}`).join(', ');
  switch (typeOf(schema)) {
    case 'boolean':
      return 'y/n';
    case 'number':
      return 'a number';
    case 'integer':
      return 'a whole number';
    case 'string':
      return '';
    case 'json':
      return 'JSON';
  }
}

type Read = { readonly ok: true; readonly value: JsonValue | undefined } | { readonly ok: false; readonly problem: string };

function readAnswer(text: string, { schema, required }: Field): Read {
  if (text === '') {
    if (schema['default'] !== undefined) return { ok: true, value: schema['default'] };
    return required ? refused('it has to be answered') : { ok: true, value: undefined };
  }
  const choices = choicesOf(schema);
  if (choices !== undefined) return readChoice(text, choices);
  switch (typeOf(schema)) {
    case 'boolean':
      if (/^(y|yes|true)$/i.test(text)) return { ok: true, value: true };
      return /^(n|no|false)$/i.test(text) ? { ok: true, value: false } : refused('y or n');
    case 'number':
    case 'integer':
      return readNumber(text, typeOf(schema) === 'integer');
    case 'string':
      return { ok: true, value: text };
    case 'json':
      return readJson(text);
  }
}

/** A text that is one of the choices wins over a number that counts them. */
function readChoice(text: string, choices: readonly JsonValue[]): Read {
  const written = choices.find((choice) => (typeof choice === 'string' ? choice === text : JSON.stringify(choice) === text));
  const counted = /^\d+$/.test(text) ? choices[Number(text) - 1] : undefined;
  const value = written ?? counted;
  return value === undefined ? refused(`one of ${choices.map(shown).join(', ')}, or its number`) : { ok: true, value };
}

function readNumber(text: string, whole: boolean): Read {
  const number = Number(text);
  if (Number.isFinite(number) && (!whole || Number.isSafeInteger(number))) return { ok: true, value: number };
  return refused(whole ? 'a whole number' : 'a number');
}

function readJson(text: string): Read {
  try {
    return { ok: true, value: JSON.parse(text) as JsonValue };
  } catch (error) {
    return refused(`not JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function refused(problem: string): Read {
  return { ok: false, problem: sanitizeText(problem) };
}

function choicesOf({ enum: choices }: JsonObject): readonly JsonValue[] | undefined {
  return Array.isArray(choices) && choices.length > 0 ? choices : undefined;
}

type FieldType = 'boolean' | 'number' | 'integer' | 'string' | 'json';

/** A field that does not say what it is takes text. */
function typeOf({ type }: JsonObject): FieldType {
  switch (type) {
    case 'boolean':
    case 'number':
    case 'integer':
    case 'string':
      return type;
    case undefined:
      return 'string';
    default:
      return 'json';
  }
}

function shown(value: JsonValue): string {
  return sanitizeText(typeof value === 'string' ? value : JSON.stringify(value));
}
