/** What names in a document look like. */
export const WORKFLOW_ID = /^[a-z0-9][a-z0-9._-]{0,63}$/;
export const JOB_ID = /^[a-zA-Z0-9_-]{1,64}$/;
export const STEP_ID = /^[a-zA-Z0-9_-]{1,64}$/;
export const INPUT_NAME = /^[a-zA-Z_][a-zA-Z0-9_-]{0,63}$/;
export const ENV_NAME = /^[A-Za-z_][A-Za-z0-9_]{0,127}$/;
/** A name of `env:`. What starts with `KB_` is the engine's. */
export const OWN_ENV_NAME = /^(?!KB_)[A-Za-z_][A-Za-z0-9_]{0,127}$/;
/** A name of `secrets:`. Scripts get the value in a variable of this name. */
export const SECRET_NAME = new RegExp(OWN_ENV_NAME);
/** A header of HTTP: a token of RFC 9110. */
export const HEADER_NAME = /^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,64}$/;
/** A key of `phases:`. */
export const PHASE_ID = /^[a-zA-Z0-9_-]{1,64}$/;
/** A key of `matrix:`. */
export const AXIS_NAME = /^[a-zA-Z_][a-zA-Z0-9_-]{0,63}$/;

/** The key of the n-th combination (from 1) of a job with a matrix. No job can be written with a dot in its key. */
export function toCombinationKey(job: string, n: number): string {
  return `${job}.${String(n)}`;
}
