import type { FunctionName } from './ast.js';

/** The contexts an expression can name. Which of them exist at a place is for whoever knows the place. */
export const KNOWN_CONTEXTS: readonly string[] = [
  'inputs',
  'env',
  'vars',
  'trigger',
  'run',
  'workflow',
  'needs',
  'jobs',
  'steps',
  'matrix',
  'strategy',
  'result',
];

export interface Signature {
  readonly name: FunctionName;
  readonly min: number;
  readonly max: number;
}

const MANY = 255;

const SIGNATURES: readonly Signature[] = [
  { name: 'contains', min: 2, max: 2 },
  { name: 'startsWith', min: 2, max: 2 },
  { name: 'endsWith', min: 2, max: 2 },
  { name: 'format', min: 1, max: MANY },
  { name: 'join', min: 1, max: 2 },
  { name: 'toJSON', min: 1, max: 1 },
  { name: 'fromJSON', min: 1, max: 1 },
  { name: 'hashFiles', min: 1, max: MANY },
  { name: 'case', min: 3, max: MANY },
  { name: 'success', min: 0, max: MANY },
  { name: 'failure', min: 0, max: MANY },
  { name: 'always', min: 0, max: 0 },
  { name: 'cancelled', min: 0, max: 0 },
];

export const KNOWN_FUNCTIONS: readonly string[] = SIGNATURES.map(({ name }) => name);

// A map, so that no name can reach the prototype of an object.
const BY_NAME = new Map(SIGNATURES.map((signature) => [signature.name.toLowerCase(), signature]));

/** The signature of a function, in whatever case its name is written. */
export function signatureOf(name: string): Signature | undefined {
  return BY_NAME.get(name.toLowerCase());
}
