import { isJsonObject, type JsonObject, type JsonValue, type RunError } from '@kb-labs/contracts';
import type { Logger, NewArtifact, Redactor } from '@kb-labs/ports';

export const REDACTED = '***';

/** Texts inside of a value, names and numbers too. */
export function redactValue<Value extends JsonValue>(redactor: Redactor | undefined, value: Value): Value {
  return redactor === undefined ? value : (redactAny(redactor, value) as Value);
}

function redactAny(redactor: Redactor, value: JsonValue): JsonValue {
  if (typeof value === 'string') return redactor.text(value);
  if (typeof value === 'number') {
    const written = String(value);
    return redactor.text(written) === written ? value : REDACTED;
  }
  if (Array.isArray(value)) return value.map((item) => redactAny(redactor, item));
  if (!isJsonObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [redactor.text(name), redactAny(redactor, member)]));
}

export function redactError(redactor: Redactor | undefined, error: RunError): RunError {
  if (redactor === undefined) return error;
  const { code, message, hint, details } = error;
  return {
    // A code is chosen by whoever fails.
    code: redactor.text(code) === code ? code : 'STEP_FAILED',
    message: redactor.text(message),
    ...(hint === undefined ? {} : { hint: redactor.text(hint) }),
    ...(details === undefined ? {} : { details: redactValue(redactor, details) }),
  };
}

/** Its digest will be that of what is stored. */
export function redactArtifact(redactor: Redactor | undefined, artifact: NewArtifact): NewArtifact {
  if (redactor === undefined) return artifact;
  const { content, label } = artifact;
  return { ...artifact, ...(label === undefined ? {} : { label: redactor.text(label) }), content: content instanceof Uint8Array ? redactWhole(redactor, content) : redactStream(redactor, content) };
}

function redactWhole(redactor: Redactor, bytes: Uint8Array): Uint8Array {
  const redaction = redactor.bytes();
  return Buffer.concat([redaction.push(bytes), redaction.end()]);
}

async function* redactStream(redactor: Redactor, content: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const redaction = redactor.bytes();
  for await (const chunk of content) {
    const bytes = redaction.push(chunk);
    if (bytes.length > 0) yield bytes;
  }
  const rest = redaction.end();
  if (rest.length > 0) yield rest;
}

export function redactLogger(redactor: Redactor | undefined, logger: Logger): Logger {
  if (redactor === undefined) return logger;
  const write = (level: 'debug' | 'info' | 'warn' | 'error') => (message: string, fields?: Readonly<JsonObject>) => {
    logger[level](redactor.text(message), ...(fields === undefined ? [] : [redactValue(redactor, fields)]));
  };
  return { debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') };
}
