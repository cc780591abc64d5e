/** The name of the variable that holds the tokens of all steps a process is part of. */
export const TOKEN_VARIABLE = 'KB_STEP_TOKEN';

let started = 0;

/** No two processes that live at the same time have the same: what is looked for when a tree is ended. It keeps nothing secret. */
export function newToken(): string {
  started += 1;
  return `${process.pid.toString(36)}-${process.hrtime.bigint().toString(36)}-${started.toString(36)}`;
}
