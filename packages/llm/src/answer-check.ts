import type { JsonObject } from '@kb-labs/contracts';

export type CheckedAnswer = { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly problem: string };

const WORDS = 1_000;

/** A check of answers by a JSON Schema (draft 2020-12). Throws `TypeError` for a schema that is none. */
export async function answerCheck(schema: JsonObject): Promise<(text: string) => CheckedAnswer> {
  const [{ Ajv2020 }, { default: formats }] = await Promise.all([import('ajv/dist/2020.js'), import('ajv-formats')]);
  const ajv = new Ajv2020({ allErrors: true, strict: false, logger: false });
  formats.default(ajv);
  const validate = compile(() => ajv.compile(schema));
  return (text) => {
    const parsed = parse(text);
    if (!parsed.ok) return parsed;
    if (validate(parsed.value)) return parsed;
    return { ok: false, problem: ajv.errorsText(validate.errors, { dataVar: 'the answer' }).slice(0, WORDS) };
  };
}

function compile<Validate>(make: () => Validate): Validate {
  try {
    return make();
  } catch (error) {
    throw new TypeError(`the schema of the answer cannot be used: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }
}

/** Models that are told to answer with JSON like to fence it in. */
function parse(text: string): CheckedAnswer {
  const bare = /^\s*```[a-z]*\n([\s\S]*?)\n?```\s*$/i.exec(text)?.[1] ?? text;
  try {
    return { ok: true, value: JSON.parse(bare) };
  } catch (error) {
    return { ok: false, problem: `it is not JSON: ${error instanceof Error ? error.message.slice(0, WORDS) : ''}` };
  }
}
