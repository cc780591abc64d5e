/** What names in a document look like. */
export const WORKFLOW_ID = /^[a-z0-9][a-z0-9._-]{0,63}$/;
export const JOB_ID = /^[a-zA-Z0-9_-]{1,64}$/;
export const STEP_ID = /^[a-zA-Z0-9_-]{1,64}$/;
export const INPUT_NAME = /^[a-zA-Z_][a-zA-Z0-9_-]{0,63}$/;
export const ENV_NAME = /^[A-Za-z_][A-Za-z0-9_]{0,127}$/;
/** A name of `env:`. What starts with `KB_` is the engine's. */
export const OWN_ENV_NAME = /^(?!KB_)[A-Za-z_][A-Za-z0-9_]{0,127}$/;
