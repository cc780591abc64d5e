import { isJsonObject, type JsonObject, type JsonValue, LIMITS } from '@kb-labs/contracts';
import { AppError } from '@kb-labs/errors';

/** The JSON object that an option was given. Throws `USAGE`. */
export function parseObject(option: string, written: string): JsonObject {
  if (written.length > LIMITS.runStateBytes) throw new AppError('USAGE', { problem: `${option} holds more than ${String(LIMITS.runStateBytes)} bytes` });
  const value = parseJson(option, written);
  if (!isJsonObject(value)) throw new AppError('USAGE', { problem: `${option} takes a JSON object` }, { hint: `for example ${option}='{"base":"main"}'` });
  return value;
}

/** Any JSON value. Throws `USAGE`. */
export function parseJson(option: string, written: string): JsonValue {
  try {
    return JSON.parse(written) as JsonValue;
  } catch (error) {
    throw new AppError('USAGE', { problem: `${option} is not JSON: ${error instanceof Error ? error.message : String(error)}` });
  }
}
