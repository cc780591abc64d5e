import { isJsonObject } from '@kb-labs/contracts';
import type { ErrorObject } from 'ajv/dist/2020.js';

/** A member that every branch of a union requires, each with a value of its own. */
interface Tag {
  readonly name: string;
  /** By branch. */
  readonly values: readonly unknown[];
}

/**
 * Of what is wrong by a union whose branches are told apart by a constant member: only what is wrong by the branch that the value
 * says it is. Of one that says none of them, that alone. Errors as Ajv has them with `verbose`; those of other unions stay as they are.
 */
export function ofChosenBranches(errors: readonly ErrorObject[]): readonly ErrorObject[] {
  return errors.filter(({ keyword }) => keyword === 'anyOf' || keyword === 'oneOf').reduce(ofChosenBranch, errors);
}

function ofChosenBranch(errors: readonly ErrorObject[], union: ErrorObject): readonly ErrorObject[] {
  const tag = Array.isArray(union.schema) ? tagOf(union.schema) : undefined;
  if (tag === undefined || !isJsonObject(union.data)) return errors;
  const said = union.data[tag.name];
  const chosen = tag.values.indexOf(said);
  if (chosen === -1) return errors.flatMap((error) => (error === union ? [unknownTag(union, tag, said)] : isWithin(error, union) ? [] : [error]));
  const others = errors.filter((error) => !isWithin(error, union) || isWithin(error, union, chosen));
  return others.some((error) => isWithin(error, union, chosen)) ? others.filter((error) => error !== union) : others;
}

/** Found while one branch of one value was looked at, or any. */
function isWithin({ schemaPath, instancePath }: ErrorObject, union: ErrorObject, branch?: number): boolean {
  const place = `${union.schemaPath}/${branch === undefined ? '' : `${String(branch)}/`}`;
  return schemaPath.startsWith(place) && (instancePath === union.instancePath || instancePath.startsWith(`${union.instancePath}/`));
}

function tagOf(branches: readonly unknown[]): Tag | undefined {
  const [first] = branches;
  const names = isJsonObject(first) && isJsonObject(first['properties']) ? Object.keys(first['properties']) : [];
  return names.map((name): Tag => ({ name, values: branches.map((branch) => constantOf(branch, name)) })).find(({ values }) => !values.includes(undefined) && new Set(values).size === values.length);
}

/** The text, number or truth value that a branch says a member is, which has to be there. */
function constantOf(branch: unknown, name: string): unknown {
  if (!isJsonObject(branch) || !isJsonObject(branch['properties']) || !Array.isArray(branch['required']) || !branch['required'].includes(name)) return undefined;
  const member = Object.hasOwn(branch['properties'], name) ? branch['properties'][name] : undefined;
  const constant = isJsonObject(member) ? member['const'] : undefined;
  return typeof constant === 'object' ? undefined : constant;
}

function unknownTag(union: ErrorObject, { name, values }: Tag, said: unknown): ErrorObject {
  const one = { ...union, keyword: 'enum', params: { allowedValues: values } };
  return said === undefined ? { ...one, keyword: 'required', message: `must have required property '${name}', one of ${values.map((value) => JSON.stringify(value)).join(', ')}` } : { ...one, instancePath: `${union.instancePath}/${name}` };
}
